"""Last step of a promotion: move the champion pointer, go back, or record the rollback and fail."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import naming
from contracts.environment import Variable
from contracts.run import parse_request
from lambdas.adapters import wiring
from lambdas.adapters.package_policy import PackagePolicy
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.ending import Ending, Seen
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.last_look import LastLook
from lambdas.promotion.lines import Lines
from lambdas.promotion.plan_document import parse_plan
from lambdas.promotion.probes import Probes, at_once
from lambdas.promotion.registry import Registry
from lambdas.promotion.scaling import Scaling
from lambdas.promotion.succession import Succession
from lambdas.promotion.targets import Targets


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _ending().conclude(
        parse_request(event["request"]),
        parse_plan(event["plan"]),
        event["package"]["model_package_arn"],
        Seen(
            redriven=event["redrive"] > event["planned_in"],
            answered=int(event["answered"]),
            cause=str(event["cause"]),
            condemned=str(event["condemned"]),
        ),
    )


@cache
def _ending() -> Ending:
    card, sagemaker = wiring.model_card(), wiring.client("sagemaker")
    alarms, lines = RollbackAlarms(wiring.client("cloudwatch")), Lines(ledger=wiring.ledger())
    return Ending(
        card=card,
        registry=Registry(sagemaker),
        endpoints=Endpoints(sagemaker),
        alarms=alarms,
        last_look=LastLook(
            card=card,
            documents=wiring.documents(),
            probes=Probes(wiring.client("sagemaker-runtime"), at_once=at_once(card)),
            alarms=alarms,
        ),
        succession=_succession(alarms, lines),
        lines=lines,
    )


def _succession(alarms: RollbackAlarms, lines: Lines) -> Succession:
    card, sagemaker = wiring.model_card(), wiring.client("sagemaker")
    environment = wiring.setting(Variable.ENVIRONMENT)
    return Succession(
        card=card,
        champion=wiring.champion_pointer(),
        alarms=alarms,
        scaling=Scaling(wiring.client("application-autoscaling")),
        targets=Targets(
            card=card,
            environment=environment,
            policy=PackagePolicy(sagemaker, group=naming.package_group(card.name, environment)),
            ledger=wiring.ledger(),
            sagemaker=sagemaker,
        ),
        lines=lines,
    )
