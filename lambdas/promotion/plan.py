"""First step of a promotion: verify the version, prepare its deployment, say what comes next."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment, state
from contracts.environment import Variable
from contracts.run import parse_request
from lambdas.adapters import wiring
from lambdas.adapters.leases import Leases
from lambdas.adapters.pauses import Pauses
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.deployments import Deployments
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.hosting import Hosting
from lambdas.promotion.images import Images
from lambdas.promotion.inspection import Inspection
from lambdas.promotion.measurements import Measurements
from lambdas.promotion.plan_document import parse_progress
from lambdas.promotion.planner import Planner
from lambdas.promotion.registry import Registry


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return (
        _planner()
        .plan(
            parse_request(event["request"]),
            package_arn=event["package"]["model_package_arn"],
            progress=parse_progress(event["progress"]),
            at=moment.parse(event["at"], "at"),
        )
        .document()
    )


@cache
def _planner() -> Planner:
    card, sagemaker = wiring.model_card(), wiring.client("sagemaker")
    cloudwatch, registry = wiring.client("cloudwatch"), Registry(sagemaker)
    hosting = Hosting(
        card=card,
        environment=wiring.setting(Variable.ENVIRONMENT),
        role_arn=wiring.setting(Variable.ENDPOINT_ROLE_ARN),
        captures_bucket=wiring.setting(Variable.CAPTURES_BUCKET),
        key_arn=wiring.setting(Variable.KEY_ARN),
    )
    return Planner(
        card=card,
        environment=wiring.setting(Variable.ENVIRONMENT),
        registry=registry,
        inspection=Inspection(
            environment=wiring.setting(Variable.ENVIRONMENT),
            registry=registry,
            documents=wiring.documents(),
            images=Images(wiring.client("ecr")),
            pauses=Pauses(wiring.state_table(), card.name),
            champion=wiring.champion_pointer(),
        ),
        endpoints=Endpoints(sagemaker),
        deployments=Deployments(sagemaker, hosting),
        alarms=RollbackAlarms(cloudwatch),
        measurements=Measurements(cloudwatch),
        leases=Leases(wiring.state_table(), state.promotion_lease(card.name)),
        champion=wiring.champion_pointer(),
        ledger=wiring.ledger(),
    )
