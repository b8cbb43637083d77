"""The retraining state machine, asked for the execution of a run."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contracts.run import RunRequest, parse_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    arn: str
    running: bool
    status: str
    request: RunRequest


class Executions:
    def __init__(self, stepfunctions: Any, *, machine_arn: str) -> None:
        self._stepfunctions = stepfunctions
        self._machine_arn = machine_arn

    def arn_of(self, run: str) -> str:
        return f"{self._machine_arn.replace(':stateMachine:', ':execution:')}:{run}"

    def of(self, run: str) -> Execution | None:
        """The run's execution: its name is the run's, and stays taken for 90 days."""
        try:
            found = self._stepfunctions.describe_execution(executionArn=self.arn_of(run))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return None
            raise
        return Execution(
            arn=found["executionArn"],
            running=found["status"] in ("RUNNING", "PENDING_REDRIVE"),
            status=found["status"],
            request=parse_request(json.loads(found["input"])),
        )

    def start(self, request: RunRequest) -> str:
        """Start the run; an execution that another delivery has just started is as good.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        """
        try:
            started = self._stepfunctions.start_execution(
                stateMachineArn=self._machine_arn,
                name=request.run_id,
                input=json.dumps(request.document()),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                return self.arn_of(request.run_id)
            raise
        return started["executionArn"]
