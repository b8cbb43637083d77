"""``states:startExecution.sync``: an execution that waits for another one.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

import json
import time
from contextlib import nullcontext
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.ministack.execution_status import Statuses
from emulator.ministack.executions import CURRENT, Execution, abandoned

SEAMS = (
    "ministack.services.stepfunctions:_invoke_nested_start_execution_sync",
    "ministack.services.stepfunctions:_nested_start_execution_request",
)

_POLL = 0.05
"""Real seconds between two looks at the other execution."""


def install(statuses: Statuses) -> None:
    def start_and_wait(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
        execution = _start(arguments)
        run = CURRENT.get()
        with run.resting() if run is not None else nullcontext():
            _await(execution)
        result = _described(statuses, execution, parse=resource.endswith(":2"))
        if execution["status"] != "SUCCEEDED":
            cause = json.dumps(result, separators=(",", ":"))
            raise sfn._ExecutionError("States.TaskFailed", cause)
        return result

    sfn._invoke_nested_start_execution_sync = start_and_wait


def _await(execution: Execution) -> None:
    while execution["status"] == "RUNNING":
        if abandoned():
            sfn._stop_execution({"executionArn": execution["executionArn"]})
            return
        time.sleep(_POLL)


def _start(arguments: dict[str, Any]) -> Execution:
    status, _, body = sfn._start_execution(sfn._nested_start_execution_request(arguments))
    answer = json.loads(body)
    if status != 200:
        name = f"StepFunctions.{answer['__type']}Exception"
        raise sfn._ExecutionError(name, answer.get("message", ""))
    return sfn._executions[answer["executionArn"]]


def _described(statuses: Statuses, execution: Execution, *, parse: bool) -> dict[str, Any]:
    """Return the description as state data; with ``.sync:2`` input and output are JSON.

    A failed one keeps them as text, as the causes seen in executions do.
    """
    succeeded = execution["status"] == "SUCCEEDED"
    given, made = execution["input"], execution.get("output") if succeeded else None
    if parse and succeeded:
        given, made = json.loads(given), json.loads(made or "null")
    described = {
        "ExecutionArn": execution["executionArn"],
        "StateMachineArn": execution["stateMachineArn"],
        "Name": execution["name"],
        "Status": execution["status"],
        "StartDate": sfn._iso_to_epoch_ms(execution["startDate"]),
        "StopDate": sfn._iso_to_epoch_ms(execution.get("stopDate")),
        "Input": given,
        "InputDetails": {"Included": True},
        "Output": made,
        "OutputDetails": {"Included": True} if succeeded else None,
        "Error": execution.get("error"),
        "Cause": execution.get("cause"),
        **{name[0].upper() + name[1:]: told for name, told in statuses.redrive(execution).items()},
    }
    return {name: value for name, value in described.items() if value is not None}
