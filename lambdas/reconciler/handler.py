"""Compare when something changed (an event of endpoint, registry or promotion), or by schedule."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment, naming, state
from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.adapters.leases import Leases
from lambdas.reconciler.hosting import Hosting
from lambdas.reconciler.memory import Memory
from lambdas.reconciler.reconciliation import Reconciliation


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """A schedule says ``as_of``; an event of EventBridge has its own ``time``."""
    as_of = moment.parse(event.get("as_of", event.get("time")), "event.time")
    return _reconciliation().run(as_of, ended=event.get("detail", {}).get("executionArn"))


@cache
def _reconciliation() -> Reconciliation:
    card, environment = wiring.model_card(), wiring.setting(Variable.ENVIRONMENT)
    return Reconciliation(
        card=card,
        environment=environment,
        champion=wiring.champion_pointer(),
        hosting=Hosting(
            wiring.client("sagemaker"), endpoint=naming.endpoint(card.name, environment)
        ),
        leases=Leases(wiring.state_table(), state.promotion_lease(card.name)),
        memory=Memory(wiring.state_table(), card.name),
        ledger=wiring.ledger(),
        cloudwatch=wiring.client("cloudwatch"),
    )
