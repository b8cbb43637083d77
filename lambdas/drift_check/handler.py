"""Check the champion for drift at the scheduled time."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment, naming
from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.adapters.captures import Captures
from lambdas.drift_check.capture_gap import Answered
from lambdas.drift_check.check import DriftCheck
from lambdas.drift_check.figures import Figures
from lambdas.drift_check.watermark import Watermark


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _check().run(moment.parse(event["as_of"], "event.as_of"))


@cache
def _check() -> DriftCheck:
    card, environment = wiring.model_card(), wiring.setting(Variable.ENVIRONMENT)
    endpoint = naming.endpoint(card.name, environment)
    return DriftCheck(
        card=card,
        reports_bucket=wiring.setting(Variable.REPORTS_BUCKET),
        champion=wiring.champion_pointer(),
        watermark=Watermark(wiring.state_table(), card.name),
        captures=Captures(
            wiring.client("s3"),
            bucket=wiring.setting(Variable.CAPTURES_BUCKET),
            model=card.name,
            endpoint=endpoint,
        ),
        answered=Answered(wiring.client("cloudwatch"), endpoint=endpoint),
        documents=wiring.documents(),
        figures=Figures(wiring.client("cloudwatch"), environment=environment),
        ledger=wiring.ledger(),
    )
