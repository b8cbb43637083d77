"""The ingestion's state machine: one execution at a time, each start once."""

import json
from typing import Any

from botocore.exceptions import ClientError

from contracts.ingestion import IngestionRequest


class Executions:
    def __init__(self, stepfunctions: Any, *, machine_arn: str) -> None:
        self._stepfunctions = stepfunctions
        self._machine_arn = machine_arn

    def running(self) -> str | None:
        """Return the name of an execution that runs, if any.

        A start within the last seconds may not be listed yet; a schedule's ticks lie further apart,
        and the same tick has the same name.
        """
        found = self._stepfunctions.list_executions(
            stateMachineArn=self._machine_arn, statusFilter="RUNNING", maxResults=1
        )["executions"]
        return found[0]["name"] if found else None

    def start(self, request: IngestionRequest) -> None:
        """Start it; one that another delivery has started is as good."""
        try:
            self._stepfunctions.start_execution(
                stateMachineArn=self._machine_arn,
                name=request.run_id,
                input=json.dumps(request.document()),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
