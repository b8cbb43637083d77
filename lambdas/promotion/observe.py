"""Look at the endpoint while it changes, and give the candidate traffic to be judged by."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment
from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.promotion.answers import CapturedAnswers
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.figures import CandidateFigures
from lambdas.promotion.measurements import Measurements
from lambdas.promotion.observation import Observation
from lambdas.promotion.plan_document import parse_plan
from lambdas.promotion.probes import Probes, at_once
from lambdas.promotion.seen_shift import SeenShift

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _observation().look(
        parse_plan(event["plan"]),
        at=moment.parse(event["at"], "at"),
        answered=int(event["answered"]),
    )


@cache
def _observation() -> Observation:
    card, cloudwatch = wiring.model_card(), wiring.client("cloudwatch")
    return Observation(
        card=card,
        environment=wiring.setting(Variable.ENVIRONMENT),
        endpoints=Endpoints(wiring.client("sagemaker")),
        documents=wiring.documents(),
        probes=Probes(wiring.client("sagemaker-runtime"), at_once=at_once(card)),
        measurements=Measurements(cloudwatch),
        seen_shift=SeenShift(
            card=card,
            documents=wiring.documents(),
            captured=CapturedAnswers(
                wiring.client("s3"),
                bucket=wiring.setting(Variable.CAPTURES_BUCKET),
                model=card.name,
            ),
        ),
        figures=CandidateFigures(cloudwatch, model=card.name),
    )
