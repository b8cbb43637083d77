"""Judge, at the scheduled time, what answers were worth whose labels are due by now."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment, naming
from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.adapters.captures import Captures
from lambdas.quality_check.check import QualityCheck
from lambdas.quality_check.figures import Figures
from lambdas.quality_check.memory import Versions, Watermark
from lambdas.quality_check.truth import Truth


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _check().run(moment.parse(event["as_of"], "event.as_of"))


@cache
def _check() -> QualityCheck:
    card, environment = wiring.model_card(), wiring.setting(Variable.ENVIRONMENT)
    reports, s3 = wiring.setting(Variable.REPORTS_BUCKET), wiring.client("s3")
    return QualityCheck(
        card=card,
        reports_bucket=reports,
        champion=wiring.champion_pointer(),
        watermark=Watermark(wiring.state_table(), card.name),
        versions=Versions(wiring.documents(), bucket=reports, model=card.name),
        captures=Captures(
            s3,
            bucket=wiring.setting(Variable.CAPTURES_BUCKET),
            model=card.name,
            endpoint=naming.endpoint(card.name, environment),
        ),
        truth=Truth(s3, bucket=wiring.setting(Variable.DATA_BUCKET), model=card.name),
        documents=wiring.documents(),
        figures=Figures(wiring.client("cloudwatch"), environment=environment),
        ledger=wiring.ledger(),
    )
