"""Last step of a promotion: move the champion pointer, or record the rollback and fail."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts.run import parse_request
from lambdas.adapters import wiring
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.decision import parse_plan
from lambdas.promotion.ending import Ending
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.probes import Probes
from lambdas.promotion.registry import Registry


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _ending().conclude(
        parse_request(event["request"]),
        parse_plan(event["plan"]),
        event["package"]["model_package_arn"],
    )


@cache
def _ending() -> Ending:
    card, sagemaker = wiring.model_card(), wiring.client("sagemaker")
    return Ending(
        card=card,
        registry=Registry(sagemaker),
        endpoints=Endpoints(sagemaker),
        alarms=RollbackAlarms(wiring.client("cloudwatch")),
        probes=Probes(wiring.client("sagemaker-runtime")),
        documents=wiring.documents(),
        champion=wiring.champion_pointer(),
        ledger=wiring.ledger(),
    )
