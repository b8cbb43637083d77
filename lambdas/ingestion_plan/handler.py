"""Called by the schedule, and by a person who names days: start what is to be fetched."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.adapters.images import Images
from lambdas.ingestion_plan.executions import Executions
from lambdas.ingestion_plan.plan import Plan


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _plan().start(event)


@cache
def _plan() -> Plan:
    return Plan(
        card=wiring.model_card(),
        environment=wiring.setting(Variable.ENVIRONMENT),
        data_bucket=wiring.setting(Variable.DATA_BUCKET),
        code_uri=wiring.setting(Variable.CODE_URI),
        documents=wiring.documents(),
        images=Images(wiring.client("ecr"), repository=wiring.setting(Variable.REPOSITORY_NAME)),
        executions=Executions(
            wiring.client("stepfunctions"), machine_arn=wiring.setting(Variable.INGESTION_ARN)
        ),
    )
