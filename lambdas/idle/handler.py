"""Look every hour whether the endpoint is idle."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment, naming, state
from contracts.environment import Variable
from contracts.errors import ContractError
from lambdas.adapters import wiring
from lambdas.adapters.leases import Leases
from lambdas.adapters.scalable_variant import ScalableVariant
from lambdas.idle.endpoint import IdleEndpoint
from lambdas.idle.removal import IdleRemoval


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _removal().run(moment.parse(event["as_of"], "event.as_of"))


@cache
def _removal() -> IdleRemoval:
    card = wiring.model_card()
    if card.serving.idle_hours is None:
        raise ContractError("serving.idle_hours must be set for an endpoint that sleeps, got none")
    endpoint = naming.endpoint(card.name, wiring.setting(Variable.ENVIRONMENT))
    return IdleRemoval(
        card=card,
        idle_hours=card.serving.idle_hours,
        endpoint=IdleEndpoint(
            wiring.client("sagemaker"), wiring.client("cloudwatch"), name=endpoint
        ),
        variant=ScalableVariant(wiring.client("application-autoscaling"), endpoint=endpoint),
        champion=wiring.champion_pointer(),
        leases=Leases(wiring.state_table(), state.promotion_lease(card.name)),
        state=wiring.state_table(),
        ledger=wiring.ledger(),
    )
