"""Executions walk their definition from the start, or from the state at which they failed."""

import contextvars
import copy
import json
import threading
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.clock import ClockStopped
from emulator.ministack.execution_status import Statuses
from emulator.ministack.executions import CURRENT, Execution, Interrupted, Run, check
from emulator.ministack.task_states import bounded

SEAMS = (
    "ministack.services.stepfunctions:_execute_choice",
    "ministack.services.stepfunctions:_execute_map",
    "ministack.services.stepfunctions:_execute_parallel",
    "ministack.services.stepfunctions:_execute_pass",
    "ministack.services.stepfunctions:_execute_wait",
    "ministack.services.stepfunctions:_fail_state_error",
    "ministack.services.stepfunctions:_run_execution",
    "ministack.services.stepfunctions:_start_execution",
    "ministack.services.stepfunctions:_state_machines",
    "ministack.services.stepfunctions:handle_request",
)

_WATCH = 0.1
"""Real seconds between two looks at a busy run's TimeoutSeconds."""


class Runner:
    """Runs executions, and redrives them."""

    def __init__(self, statuses: Statuses) -> None:
        self._statuses = statuses

    def install(self) -> None:
        sfn._run_execution = self.run
        sfn._start_execution = self._idempotent(sfn._start_execution)
        sfn.handle_request = self._with_redrive(sfn.handle_request)

    def busy(self) -> bool:
        """Whether an execution works: an advance of the clock lets it get on first."""
        runs = list(self._statuses.runs.values())
        return bool(self._statuses.starting) or any(
            not run.ended.is_set() and not run.rests for run in runs
        )

    def run(self, arn: str) -> None:
        """Run an execution in this thread until it ends."""
        execution = sfn._executions[arn]
        if not _prepared(execution):
            gone = self._statuses.begin(execution, None)
            self._statuses.fail(gone, "States.Runtime", "the state machine no longer exists")
            return
        definition = json.loads(execution["_definition"])
        run = self._statuses.begin(execution, definition.get("TimeoutSeconds"))
        CURRENT.set(run)
        if run.timeout is not None:
            self._watch(run)
        try:
            self._statuses.succeed(run, self._walk(run, definition))
        except (Interrupted, ClockStopped):
            if run.remaining() == 0:
                self._statuses.time_out(run)
        except sfn._ExecutionError as error:
            if run.remaining() == 0 and error.error == "States.Timeout":
                self._statuses.time_out(run)
            self._statuses.fail(run, error.error, error.cause)
        except Exception as error:
            sfn.logger.exception("unexpected error in execution %s", arn)
            self._statuses.fail(run, "States.Runtime", str(error))

    def _walk(self, run: Run, definition: dict[str, Any]) -> Any:
        execution = run.execution
        point = execution.setdefault(
            "_checkpoint",
            {
                "state": definition["StartAt"],
                "input": json.loads(execution["input"]),
                "variables": {},
            },
        )
        ctx = _context(execution, definition, copy.deepcopy(point["variables"]))
        name: str | None = point["state"]
        data = copy.deepcopy(point["input"])
        while name is not None:
            check()
            execution["_checkpoint"] = {
                "state": name,
                "input": copy.deepcopy(data),
                "variables": copy.deepcopy(ctx["variables"]),
            }
            data, name = _step(definition["States"], name, data, execution, ctx)
        return data

    def _watch(self, run: Run) -> None:
        """Time the run out when it is busy for too long; waiting, it sees to that itself."""

        def watch() -> None:
            while not run.ended.wait(_WATCH):
                if not run.waits and run.remaining() == 0:
                    self._statuses.time_out(run)

        context = contextvars.copy_context()
        context.run(CURRENT.set, None)
        threading.Thread(target=context.run, args=(watch,), daemon=True).start()

    def _idempotent(self, original: Any) -> Any:
        """Answer a repeated StartExecution, "if the execution is running and the input the same".

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        """

        def start(data: dict[str, Any]) -> Any:
            machine = sfn._state_machines.get(data.get("stateMachineArn", ""))
            if machine is not None and data.get("name"):
                prefix = machine["stateMachineArn"].replace(":stateMachine:", ":execution:")
                found = sfn._executions.get(f"{prefix}:{data['name']}")
                same = found is not None and found["input"] == data.get("input", "{}")
                if found is not None and same and found["status"] == "RUNNING":
                    return sfn.json_response(
                        {"executionArn": found["executionArn"], "startDate": found["startDate"]}
                    )
            return original(data)

        return start

    def _with_redrive(self, original: Any) -> Any:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: Any
        ) -> Any:
            if headers.get("x-amz-target") == "AWSStepFunctions.RedriveExecution":
                return sfn._finalize_response(self.redrive(json.loads(body)))
            return await original(method, path, headers, body, query)

        return handle

    def redrive(self, data: dict[str, Any]) -> Any:
        """Answer RedriveExecution: go on from the unsuccessful state, with its input.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
        """
        arn = data.get("executionArn", "")
        execution = sfn._executions.get(arn)
        if execution is None:
            return sfn.error_response_json(
                "ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", 400
            )
        token = data.get("clientToken")
        if token is not None and token == execution.get("_redriveToken"):
            return sfn.json_response({"redriveDate": execution["redriveDate"]})
        why = self._statuses.not_redrivable(execution)
        if why is not None:
            return sfn.error_response_json("ExecutionNotRedrivable", why, 400)
        self._restart(execution, token)
        return sfn.json_response({"redriveDate": execution["redriveDate"]})

    def _restart(self, execution: Execution, token: str | None) -> None:
        count = execution.get("redriveCount", 0) + 1
        for gone in ("error", "cause"):
            execution.pop(gone, None)
        execution.update(
            status="RUNNING",
            stopDate=None,
            redriveCount=count,
            redriveDate=sfn.now_iso(),
            _redriveToken=token,
        )
        details = {"executionRedrivenEventDetails": {"redriveCount": count}}
        sfn._add_event(execution, "ExecutionRedriven", details)
        self._statuses.tell(execution)
        threading.Thread(
            target=contextvars.copy_context().run,
            args=(self.run, execution["executionArn"]),
            daemon=True,
        ).start()


def _prepared(execution: Execution) -> bool:
    """Keep what the machine is now: a redrive runs the first attempt's definition."""
    machine = sfn._state_machines.get(execution["stateMachineArn"])
    if machine is not None:
        execution.setdefault("_definition", machine["definition"])
        execution.setdefault("_roleArn", machine["roleArn"])
    return "_definition" in execution


def _step(
    states: dict[str, Any], name: str, data: Any, execution: Execution, ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    """Enter one state, and leave it."""
    if name not in states:
        raise sfn._ExecutionError("States.Runtime", f"State '{name}' not found in definition")
    state = states[name]
    kind = state["Type"]
    ctx["State"] = {"Name": name, "EnteredTime": sfn.now_iso(), "RetryCount": 0}
    entered = {"name": name, "input": json.dumps(data)}
    sfn._add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": entered})
    if kind == "Fail":
        raise sfn._ExecutionError(*sfn._fail_state_error(state, data, ctx))
    output, following = _performed(kind, state, data, execution, ctx)
    bounded(output, ctx)
    left = {"name": name, "output": json.dumps(output)}
    sfn._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": left})
    return output, following


def _performed(
    kind: str, state: dict[str, Any], data: Any, execution: Execution, ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    match kind:
        case "Task" | "Parallel" | "Map":
            return getattr(sfn, f"_execute_{kind.lower()}")(state, data, execution, ctx)
        case "Pass" | "Choice" | "Wait":
            return getattr(sfn, f"_execute_{kind.lower()}")(state, data, ctx)
        case "Succeed" if sfn._state_query_language(state, ctx) == "JSONata":
            return sfn._apply_jsonata_output(state, data, ctx, default=data), None
        case "Succeed":
            selected = sfn._apply_input_path(state, data, ctx)
            return sfn._apply_output_path(state, selected, ctx), None
        case _:
            raise sfn._ExecutionError("States.Runtime", f"Unknown state type: {kind}")


def _context(
    execution: Execution, definition: dict[str, Any], variables: dict[str, Any]
) -> dict[str, Any]:
    """Return the context object, as ``$states.context`` and ``$$`` show it.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
    """
    about: dict[str, Any] = {
        "Id": execution["executionArn"],
        "Input": json.loads(execution["input"]),
        "Name": execution["name"],
        "RoleArn": execution["_roleArn"],
        "StartTime": execution["startDate"],
        "RedriveCount": execution.get("redriveCount", 0),
    }
    if execution.get("redriveDate"):
        about["RedriveTime"] = execution["redriveDate"]
    machine = execution["stateMachineArn"]
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": about,
        "StateMachine": {"Id": machine, "Name": machine.rsplit(":", 1)[-1]},
        "variables": variables,
    }
