"""Tasks that wait until someone returns their token, in the account's time: nothing is busy.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

import json
import threading
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.ministack.account_waits import Waiting
from emulator.ministack.executions import CURRENT

SEAMS = (
    "ministack.services.stepfunctions:_invoke_resource",
    "ministack.services.stepfunctions:_task_tokens",
)


def called_back(
    waiting: Waiting,
    resource: str,
    arguments: Any,
    token: str,
    timeout: float | None,
    heartbeat: float | None,
) -> Any:
    """Send the token out and wait for SendTaskSuccess or SendTaskFailure."""
    event = threading.Event()
    run = CURRENT.get()
    if run is not None:
        run.tokens.add(token)
    sfn._task_tokens[token] = {"event": event, "result": None, "error": None, "heartbeat": None}
    try:
        sfn._invoke_resource(resource.replace(".waitForTaskToken", ""), arguments)
        told = _await_token(waiting, token, event, timeout, heartbeat)
    finally:
        info = sfn._task_tokens.pop(token, {})
    if not told:
        raise sfn._ExecutionError("States.Timeout", "")
    if info.get("error"):
        raise sfn._ExecutionError(info["error"]["Error"], info["error"]["Cause"])
    return json.loads(info["result"])


def _await_token(
    waiting: Waiting,
    token: str,
    event: threading.Event,
    timeout: float | None,
    heartbeat: float | None,
) -> bool:
    left = timeout
    while True:
        step = heartbeat if left is None else left if heartbeat is None else min(left, heartbeat)
        before = sfn._task_tokens[token]["heartbeat"]
        if waiting.wait(event, step):
            return True
        left = None if left is None else left - (step or 0.0)
        beaten = sfn._task_tokens[token]["heartbeat"] != before
        if (left is not None and left <= 0) or not beaten:
            return False
