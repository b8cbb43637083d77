"""An execution's status: how it changes, what is told of it, whether it can be redriven."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.ministack.executions import Execution, Run, abandoned
from emulator.ports import Account

SEAMS = (
    "ministack.services.stepfunctions:_add_event",
    "ministack.services.stepfunctions:_describe_execution",
    "ministack.services.stepfunctions:_emit_execution_status_event",
    "ministack.services.stepfunctions:_executions",
    "ministack.services.stepfunctions:_iso_to_epoch_ms",
    "ministack.services.stepfunctions:_stop_execution",
)

_UNSUCCESSFUL = ("FAILED", "ABORTED", "TIMED_OUT")
_REDRIVABLE_FOR = timedelta(days=14)
_PAYLOAD = 248 * 1024
"""https://docs.aws.amazon.com/step-functions/latest/dg/cw-events.html"""


class Statuses:
    """Changes executions' status, each exactly once, and says so on the event bus."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self.runs: dict[str, Run] = {}
        self.starting: set[str] = set()
        """Executions that are RUNNING and whose threads have not begun."""

    def install(self) -> None:
        sfn._emit_execution_status_event = self.tell
        sfn._add_event = _unless_abandoned(sfn._add_event)
        sfn._stop_execution = self._stopping(sfn._stop_execution)
        sfn._describe_execution = self._describing(sfn._describe_execution)

    def begin(self, execution: Execution, timeout: float | None) -> Run:
        run = Run(execution=execution, clock=self._account.clock, timeout=timeout)
        self.runs[execution["executionArn"]] = run
        self.starting.discard(execution["executionArn"])
        return run

    def succeed(self, run: Run, output: Any) -> None:
        text = json.dumps(output)
        event = {"executionSucceededEventDetails": {"output": text}}
        self._end(run, "SUCCEEDED", ("ExecutionSucceeded", event), output=text)

    def fail(self, run: Run, error: str, cause: str) -> None:
        told = {"error": error, "cause": cause}
        event = {"executionFailedEventDetails": told}
        self._end(run, "FAILED", ("ExecutionFailed", event), **told)

    def time_out(self, run: Run) -> None:
        """End a run whose TimeoutSeconds is over: status TIMED_OUT, no error, no cause."""
        event: dict[str, Any] = {"executionTimedOutEventDetails": {}}
        self._end(run, "TIMED_OUT", ("ExecutionTimedOut", event))

    def _end(self, run: Run, status: str, event: tuple[str, dict[str, Any]], **told: str) -> None:
        with self._lock:
            if run.ended.is_set():
                return
            sfn._add_event(run.execution, *event)
            run.execution.update(told, status=status, stopDate=sfn.now_iso())
            _over(run)
        self.tell(run.execution)

    def _stopping(self, original: Any) -> Any:
        def stop(data: dict[str, Any]) -> Any:
            answer = original(data)
            run = self.runs.get(data.get("executionArn", ""))
            if answer[0] == 200 and run is not None:
                _over(run)
            return answer

        return stop

    def _describing(self, original: Any) -> Any:
        def describe(data: dict[str, Any]) -> Any:
            status, headers, body = original(data)
            if status == 200:
                execution = sfn._executions[data["executionArn"]]
                body = json.dumps({**json.loads(body), **self.redrive(execution)}).encode()
            return status, headers, body

        return describe

    def redrive(self, execution: Execution) -> dict[str, Any]:
        """Return what DescribeExecution says of redrives."""
        why = self.not_redrivable(execution)
        told: dict[str, Any] = {
            "redriveCount": execution.get("redriveCount", 0),
            "redriveStatus": "REDRIVABLE" if why is None else "NOT_REDRIVABLE",
        }
        if why is not None:
            told["redriveStatusReason"] = why
        if execution.get("redriveDate"):
            told["redriveDate"] = execution["redriveDate"]
        return told

    def not_redrivable(self, execution: Execution) -> str | None:
        """Return why an execution cannot be redriven, or ``None``.

        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
        """
        if execution["status"] not in _UNSUCCESSFUL:
            return f"Execution is {execution['status']} and cannot be redriven"
        if execution.get("sync") or execution.get("mapRunArn"):
            return "Execution cannot be redriven using the RedriveExecution API"
        stopped = datetime.fromisoformat(execution["stopDate"])
        if self._account.clock.now() - stopped > _REDRIVABLE_FOR:
            return "Execution has exceeded the redrivable period of 14 days"
        return None

    def tell(self, execution: Execution) -> None:
        """Send ``Step Functions Execution Status Change``; Express executions send none."""
        if execution.get("sync"):
            return
        if execution["status"] == "RUNNING":
            self.starting.add(execution["executionArn"])
        self._account.put_event(
            source="aws.states",
            detail_type="Step Functions Execution Status Change",
            detail=self._detail(execution),
            resources=[execution["executionArn"]],
        )

    def _detail(self, execution: Execution) -> dict[str, Any]:
        redrive = self.redrive(execution)
        status = execution["status"]
        output = execution.get("output") if status == "SUCCEEDED" else None
        given, given_details = _payload(execution.get("input"))
        made, made_details = _payload(output)
        return {
            "executionArn": execution["executionArn"],
            "stateMachineArn": execution["stateMachineArn"],
            "name": execution["name"],
            "status": status,
            "startDate": sfn._iso_to_epoch_ms(execution["startDate"]),
            "stopDate": sfn._iso_to_epoch_ms(execution.get("stopDate")),
            "input": given,
            "inputDetails": given_details,
            "output": made,
            "outputDetails": made_details,
            "stateMachineVersionArn": None,
            "stateMachineAliasArn": None,
            "redriveCount": redrive["redriveCount"],
            "redriveDate": sfn._iso_to_epoch_ms(execution.get("redriveDate")),
            "redriveStatus": redrive["redriveStatus"],
            "redriveStatusReason": redrive.get("redriveStatusReason"),
            "error": execution.get("error") if status in _UNSUCCESSFUL else None,
            "cause": execution.get("cause") if status in _UNSUCCESSFUL else None,
        }


def _over(run: Run) -> None:
    run.end()
    for token in list(run.tokens):
        sfn._task_tokens.pop(token, None)


def _payload(text: str | None) -> tuple[str | None, dict[str, bool] | None]:
    """Leave out what exceeds EventBridge's quota, and say so."""
    if text is None:
        return None, None
    if len(json.dumps(text)) > _PAYLOAD:
        return None, {"included": False}
    return text, {"included": True}


def _unless_abandoned(original: Any) -> Any:
    """A run that is over writes no history: a redriven execution has the same one."""

    def add(execution: Execution, kind: str, details: dict[str, Any] | None = None) -> Any:
        return None if abandoned() else original(execution, kind, details)

    return add
