"""Step Functions, asked about an execution that ended."""

from collections.abc import Mapping
from itertools import islice
from typing import Any


class Executions:
    def __init__(self, stepfunctions: Any) -> None:
        self._stepfunctions = stepfunctions

    def describe(self, arn: str) -> Mapping[str, Any]:
        return self._stepfunctions.describe_execution(executionArn=arn)

    def last_step(self, arn: str) -> str | None:
        """The step that was entered last: these workflows do one thing at a time.

        ``TrainFailed`` tells of Train, whose failure was caught (infra's instances_in_turn).
        """
        pages = self._stepfunctions.get_paginator("get_execution_history").paginate(
            executionArn=arn, reverseOrder=True, includeExecutionData=False, maxResults=100
        )
        for page in islice(pages, 10):
            for event in page["events"]:
                if "stateEnteredEventDetails" in event:
                    return event["stateEnteredEventDetails"]["name"].removesuffix("Failed")
        return None
