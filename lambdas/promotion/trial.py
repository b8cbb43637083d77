"""Look at a candidate that is tried beside the champion."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment
from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.promotion.answers import CapturedAnswers
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.measurements import Measurements
from lambdas.promotion.plan_document import parse_plan
from lambdas.promotion.seen_shift import SeenShift
from lambdas.promotion.trial_watch import TrialWatch


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _watch().look(parse_plan(event["plan"]), at=moment.parse(event["at"], "at"))


@cache
def _watch() -> TrialWatch:
    card = wiring.model_card()
    return TrialWatch(
        card=card,
        environment=wiring.setting(Variable.ENVIRONMENT),
        endpoints=Endpoints(wiring.client("sagemaker")),
        measurements=Measurements(wiring.client("cloudwatch")),
        seen_shift=SeenShift(
            card=card,
            documents=wiring.documents(),
            captured=CapturedAnswers(
                wiring.client("s3"),
                bucket=wiring.setting(Variable.CAPTURES_BUCKET),
                model=card.name,
            ),
        ),
    )
