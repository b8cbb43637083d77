"""Executions of the two state machines: the newest ones, the one a person means, redrive."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from perennial.deployed import Deployed
from perennial.refusal import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    arn: str
    name: str
    status: str
    started: datetime
    error: str | None = None
    cause: str | None = None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def newest(stepfunctions: Any, machine_arn: str) -> Execution | None:
    """Return the execution that started last; ListExecutions answers newest first.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
    """
    answer = stepfunctions.list_executions(stateMachineArn=machine_arn, maxResults=1)
    found = answer["executions"]
    return describe(stepfunctions, found[0]["executionArn"]) if found else None


def describe(stepfunctions: Any, arn: str) -> Execution:
    described = stepfunctions.describe_execution(executionArn=arn)
    return Execution(
        arn=arn,
        name=described["name"],
        status=described["status"],
        started=described["startDate"].astimezone(UTC),
        error=described.get("error"),
        cause=described.get("cause"),
    )


def find(stepfunctions: Any, deployed: Deployed, name_or_arn: str) -> Execution:
    """Return the execution called so, of any of the model's machines."""
    arns = (
        [name_or_arn]
        if name_or_arn.startswith("arn:")
        else [
            f"{machine.replace(':stateMachine:', ':execution:')}:{name_or_arn}"
            for machine in (deployed.retraining_arn, deployed.promotion_arn, deployed.batch_arn)
        ]
    )
    for arn in arns:
        try:
            return describe(stepfunctions, arn)
        except stepfunctions.exceptions.ExecutionDoesNotExist:
            continue
    raise Refused(
        f"no execution {name_or_arn!r} of {deployed.model} in {deployed.environment}",
        next_step="the newest run is in: perennial status; older ones in: perennial ledger",
    )


REDRIVABLE = ("FAILED", "TIMED_OUT", "ABORTED")
"""https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html"""


def redrive(stepfunctions: Any, execution: Execution) -> None:
    """Resume a failed execution at the state that failed."""
    if execution.status not in REDRIVABLE:
        raise Refused(
            f"execution {execution.name} is {execution.status}; "
            f"redrive takes one that is {', '.join(REDRIVABLE)}",
            next_step="start a new run with: perennial retrain",
        )
    stepfunctions.redrive_execution(executionArn=execution.arn)
