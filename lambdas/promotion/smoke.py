"""Judge a candidate by the job that asked it its golden rows, before any caller can reach it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts.run import parse_request
from lambdas.adapters import wiring
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.job_log import TransformLog
from lambdas.promotion.lines import Lines
from lambdas.promotion.plan_document import parse_plan
from lambdas.promotion.registry import Registry
from lambdas.promotion.smoke_judge import SmokeJudge
from lambdas.promotion.smoke_test import parse_smoke_test


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, str]:
    return _judge().judge(
        parse_request(event["request"]),
        parse_plan(event["plan"]),
        event["package"]["model_package_arn"],
        parse_smoke_test(event["test"]),
        redrive=int(event["redrive"]),
    )


@cache
def _judge() -> SmokeJudge:
    sagemaker = wiring.client("sagemaker")
    return SmokeJudge(
        card=wiring.model_card(),
        registry=Registry(sagemaker),
        documents=wiring.documents(),
        log=TransformLog(wiring.client("logs")),
        alarms=RollbackAlarms(wiring.client("cloudwatch")),
        lines=Lines(ledger=wiring.ledger()),
    )
