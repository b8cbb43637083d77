"""Settle a status change of one of the platform's workflows."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.settlement.announcements import Announcements
from lambdas.settlement.execution import read_execution
from lambdas.settlement.executions import Executions
from lambdas.settlement.job_logs import JobLogs
from lambdas.settlement.settlement import Settlement


def lambda_handler(event: Mapping[str, Any], context: Any) -> dict[str, str]:
    described = _executions().describe(event["detail"]["executionArn"])
    execution = read_execution(event, described)
    return {"done": _settlement().settle(execution, delivery=context.aws_request_id)}


@cache
def _executions() -> Executions:
    return Executions(wiring.client("stepfunctions"))


@cache
def _settlement() -> Settlement:
    return Settlement(
        state=wiring.state_table(),
        executions=_executions(),
        logs=JobLogs(wiring.client("logs")),
        ledger=wiring.ledger(),
        announcements=Announcements(
            wiring.client("sns"),
            wiring.state_table(),
            topic_arn=wiring.setting(Variable.TOPIC_ARN),
        ),
    )
