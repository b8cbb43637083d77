"""Task, Parallel and Wait states with AWS's retries, time-outs and cancellation."""

import contextvars
import copy
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from datetime import datetime
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.clock import Clock
from emulator.ministack.executions import CANCELLED, CURRENT, Execution, Interrupted, check
from emulator.ministack.retries import delay, matches

SEAMS = (
    "ministack.services.stepfunctions:_ExecutionError",
    "ministack.services.stepfunctions:_apply_catcher",
    "ministack.services.stepfunctions:_apply_input_path",
    "ministack.services.stepfunctions:_apply_jsonata_arguments",
    "ministack.services.stepfunctions:_apply_jsonata_output",
    "ministack.services.stepfunctions:_apply_jsonata_template",
    "ministack.services.stepfunctions:_apply_output_path",
    "ministack.services.stepfunctions:_apply_parameters",
    "ministack.services.stepfunctions:_apply_result_path",
    "ministack.services.stepfunctions:_apply_result_selector",
    "ministack.services.stepfunctions:_apply_state_assign",
    "ministack.services.stepfunctions:_execute_task",
    "ministack.services.stepfunctions:_find_matching_catcher",
    "ministack.services.stepfunctions:_find_matching_retrier",
    "ministack.services.stepfunctions:_invoke_resource",
    "ministack.services.stepfunctions:_next_or_end",
    "ministack.services.stepfunctions:_resolve_path_or_ctx",
    "ministack.services.stepfunctions:_run_parallel_branches",
    "ministack.services.stepfunctions:_run_sub_machine",
    "ministack.services.stepfunctions:_scaled_sleep",
    "ministack.services.stepfunctions:_sleep_until",
    "ministack.services.stepfunctions:_state_query_language",
    "ministack.services.stepfunctions:_task_tokens",
    "ministack.services.stepfunctions:_with_retry_and_catch",
)

State = Mapping[str, Any]
Context = dict[str, Any]
Outcome = tuple[Any, str | None]

_FOR_EVER = 366 * 86400.0
"""Seconds: longer than an execution may take."""
_LIMIT = 256 * 1024
"""Bytes of a state's data: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class Waiting:
    """Wait states and back-off, on the account's clock; a run that ends wakes them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def sleep(self, seconds: float) -> None:
        run = CURRENT.get()
        if run is None:
            self._clock.sleep(seconds)
            return
        check()
        remaining = run.remaining()
        if remaining is not None and remaining <= seconds:
            with run.waiting():
                if self._clock.wait(run.ended, remaining):
                    raise Interrupted
            raise sfn._ExecutionError("States.Timeout", "")
        with run.waiting():
            if self._clock.wait(run.ended, seconds):
                raise Interrupted

    def until(self, stamp: str) -> None:
        moment = datetime.fromisoformat(stamp)
        self.sleep(max(0.0, (moment - self._clock.now()).total_seconds()))

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """Wait for ``event`` in the account's time, for ever where ``seconds`` is ``None``."""
        longest = _FOR_EVER if seconds is None else seconds
        run = CURRENT.get()
        if run is None:
            return self._clock.wait(event, longest)
        run.wakes.add(event)
        try:
            with run.waiting():
                told = self._clock.wait(event, longest)
        finally:
            run.wakes.discard(event)
        check()
        return told


def install(clock: Clock) -> Waiting:
    waiting = Waiting(clock)
    sfn._scaled_sleep = waiting.sleep
    sfn._sleep_until = waiting.until
    sfn._error_matches = matches
    sfn._with_retry_and_catch = _with_retry_and_catch(waiting)
    sfn._execute_task = _task(waiting)
    sfn._run_parallel_branches = _parallel
    sfn._apply_state_assign = _assign
    return waiting


def _with_retry_and_catch(waiting: Waiting) -> Callable[..., Outcome]:
    """Run a state's attempts under its Retry and Catch."""

    def attempts(state: State, given: Any, ctx: Context, attempt: Callable[[], Outcome]) -> Outcome:
        entered = ctx["State"]
        counts: dict[int, int] = {}
        while True:
            ctx["State"] = {**entered, "RetryCount": sum(counts.values())}
            try:
                return attempt()
            except sfn._ExecutionError as error:
                retrier, index = sfn._find_matching_retrier(
                    state.get("Retry", []), error.error, counts
                )
                if retrier is None:
                    return _caught(state, given, ctx, error)
                waiting.sleep(delay(retrier, counts.get(index, 0)))
                counts[index] = counts.get(index, 0) + 1

    return attempts


def _caught(state: State, given: Any, ctx: Context, error: Any) -> Outcome:
    catcher = sfn._find_matching_catcher(state.get("Catch", []), error.error)
    if catcher is None:
        raise error
    language = sfn._state_query_language(state, ctx)
    described = {"Error": error.error, "Cause": error.cause}
    return sfn._apply_catcher(catcher, given, ctx, language, described), catcher["Next"]


def _task(waiting: Waiting) -> Callable[..., Outcome]:
    def execute(state: State, given: Any, execution: Execution, ctx: Context) -> Outcome:
        def attempt() -> Outcome:
            check()
            if ".waitForTaskToken" in state["Resource"]:
                ctx["Task"] = {"Token": sfn.new_uuid()}
            arguments = _arguments(state, given, ctx)
            result = _recorded(
                state,
                execution,
                arguments,
                lambda: _perform(waiting, state, given, arguments, ctx),
            )
            return _result(state, given, ctx, result)

        return sfn._with_retry_and_catch(state, given, ctx, attempt)

    return execute


def _arguments(state: State, given: Any, ctx: Context) -> Any:
    if sfn._state_query_language(state, ctx) == "JSONata":
        return sfn._apply_jsonata_arguments(state, given, ctx)
    return sfn._apply_parameters(state, sfn._apply_input_path(state, given, ctx), ctx)


def _result(state: State, given: Any, ctx: Context, result: Any) -> Outcome:
    """Make the state's output of a result, and assign the variables."""
    if sfn._state_query_language(state, ctx) == "JSONata":
        output = sfn._apply_jsonata_output(state, given, ctx, result=result, default=result)
        sfn._apply_state_assign(state, given, ctx, result=result)
    else:
        selected = sfn._apply_result_selector(state, result)
        merged = sfn._apply_result_path(state, given, selected)
        output = sfn._apply_output_path(state, merged, ctx)
    return bounded(output, ctx), sfn._next_or_end(state)


def bounded(output: Any, ctx: Context) -> Any:
    """Refuse state data over the quota: AWS would."""
    if len(json.dumps(output).encode()) > _LIMIT:
        raise sfn._ExecutionError(
            "States.DataLimitExceeded",
            f"The state/task '{ctx['State']['Name']}' returned a result with a size exceeding "
            "the maximum number of bytes service limit.",
        )
    return output


def _recorded(
    state: State, execution: Execution, arguments: Any, perform: Callable[[], Any]
) -> Any:
    """Perform the task between its events in the history."""
    kind, resource = _resource(state["Resource"])
    named = {"resourceType": kind, "resource": resource}
    scheduled = {**named, "region": sfn.get_region(), "parameters": json.dumps(arguments)}
    sfn._add_event(execution, "TaskScheduled", {"taskScheduledEventDetails": scheduled})
    sfn._add_event(execution, "TaskStarted", {"taskStartedEventDetails": named})
    try:
        result = perform()
    except sfn._ExecutionError as error:
        told = {**named, "error": error.error, "cause": error.cause}
        if error.error == "States.Timeout":
            sfn._add_event(execution, "TaskTimedOut", {"taskTimedOutEventDetails": told})
        else:
            sfn._add_event(execution, "TaskFailed", {"taskFailedEventDetails": told})
        raise
    details = {**named, "output": json.dumps(result)}
    sfn._add_event(execution, "TaskSucceeded", {"taskSucceededEventDetails": details})
    return result


def _resource(arn: str) -> tuple[str, str]:
    """Split ``arn:aws:states:::aws-sdk:sagemaker:describeEndpoint`` as the history does."""
    prefix = "arn:aws:states:::"
    if not arn.startswith(prefix):
        return arn.split(":")[2], arn
    kind, _, resource = arn.removeprefix(prefix).rpartition(":")
    return kind, resource


def _perform(waiting: Waiting, state: State, given: Any, arguments: Any, ctx: Context) -> Any:
    resource = state["Resource"]
    timeout = _seconds(state, "TimeoutSeconds", given, ctx)
    if ".waitForTaskToken" in resource:
        heartbeat = _seconds(state, "HeartbeatSeconds", given, ctx)
        return _called_back(waiting, resource, arguments, ctx["Task"]["Token"], timeout, heartbeat)
    if timeout is None or ":activity:" in resource:
        return sfn._invoke_resource(resource, arguments)
    return _within(timeout, lambda: sfn._invoke_resource(resource, arguments))


def _seconds(state: State, field: str, given: Any, ctx: Context) -> float | None:
    """Read a number of seconds: plain, as JSONata, or by a path."""
    if f"{field}Path" in state:
        return float(sfn._resolve_path_or_ctx(state[f"{field}Path"], given, ctx))
    value = state.get(field)
    if isinstance(value, str):
        value = sfn._apply_jsonata_template(value, given, ctx)
    return None if value is None else float(value)


def _within(timeout: float, work: Callable[[], Any]) -> Any:
    """Do ``work`` within ``timeout`` real seconds: it runs in real time, as jobs do."""
    cancelled = threading.Event()
    future: Future[Any] = Future()

    def labour() -> None:
        CANCELLED.set((*CANCELLED.get(), cancelled))
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(labour,), daemon=True).start()
    try:
        return future.result(timeout=timeout)
    except TimeoutError:
        if future.done():
            raise
        cancelled.set()
        raise sfn._ExecutionError("States.Timeout", "") from None


def _called_back(
    waiting: Waiting,
    resource: str,
    arguments: Any,
    token: str,
    timeout: float | None,
    heartbeat: float | None,
) -> Any:
    """Send the token out and wait for SendTaskSuccess, in the account's time: nothing is busy.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    """
    event = threading.Event()
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


def _parallel(state: State, given: Any, execution: Execution, ctx: Context) -> Outcome:
    """Run the branches, each with variables of its own; the first error ends them all.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
    """
    arguments = _arguments(state, given, ctx)
    cancelled = threading.Event()
    futures = [
        _branch(branch, arguments, execution, ctx, cancelled)
        for branch in state.get("Branches", [])
    ]
    done, _ = wait(futures, return_when=FIRST_EXCEPTION)
    failed = next((future for future in futures if future in done and future.exception()), None)
    if failed is not None:
        cancelled.set()
        failed.result()
    return _result(state, given, ctx, [future.result() for future in futures])


def _branch(
    branch: State, given: Any, execution: Execution, ctx: Context, cancelled: threading.Event
) -> Future[Any]:
    future: Future[Any] = Future()
    own = copy.deepcopy(ctx)

    def run() -> None:
        CANCELLED.set((*CANCELLED.get(), cancelled))
        try:
            future.set_result(
                sfn._run_sub_machine(branch["States"], branch["StartAt"], given, execution, own)
            )
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
    return future


def _assign(
    state: State, given: Any, ctx: Context | None, result: Any = None, error_output: Any = None
) -> None:
    """Assign variables; every expression sees the values from before.

    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    assign = state.get("Assign")
    if ctx is None or not isinstance(assign, dict):
        return
    if sfn._state_query_language(state, ctx) != "JSONata":
        raise sfn._ExecutionError(
            "States.Runtime", "the embedded account evaluates Assign in JSONata states only"
        )
    new = {
        name: sfn._apply_jsonata_template(
            template, given, ctx, result=result, error_output=error_output
        )
        for name, template in assign.items()
    }
    ctx.setdefault("variables", {}).update(new)
