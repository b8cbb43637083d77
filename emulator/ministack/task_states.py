"""Task states with AWS's retries, time-outs and cancellation."""

import contextvars
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.clock import Clock
from emulator.ministack.account_waits import Waiting
from emulator.ministack.executions import CANCELLED, STATE, Execution, check
from emulator.ministack.retries import delay, matches
from emulator.ministack.task_tokens import called_back

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
    "ministack.services.stepfunctions:_state_query_language",
    "ministack.services.stepfunctions:_with_retry_and_catch",
)

State = Mapping[str, Any]
Context = dict[str, Any]
Outcome = tuple[Any, str | None]

_LIMIT = 256 * 1024
"""Bytes of a state's data: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


def install(clock: Clock) -> Waiting:
    waiting = Waiting(clock)
    sfn._scaled_sleep = waiting.sleep
    sfn._sleep_until = waiting.until
    sfn._error_matches = matches
    sfn._with_retry_and_catch = _with_retry_and_catch(waiting)
    sfn._execute_task = _task(waiting)
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
            STATE.set(ctx["State"]["Name"])
            if ".waitForTaskToken" in state["Resource"]:
                ctx["Task"] = {"Token": sfn.new_uuid()}
            arguments = arguments_of(state, given, ctx)
            result = _recorded(
                state,
                execution,
                arguments,
                lambda: _perform(waiting, state, given, arguments, ctx),
            )
            return outcome(state, given, ctx, result)

        return sfn._with_retry_and_catch(state, given, ctx, attempt)

    return execute


def arguments_of(state: State, given: Any, ctx: Context) -> Any:
    if sfn._state_query_language(state, ctx) == "JSONata":
        return sfn._apply_jsonata_arguments(state, given, ctx)
    return sfn._apply_parameters(state, sfn._apply_input_path(state, given, ctx), ctx)


def outcome(state: State, given: Any, ctx: Context, result: Any) -> Outcome:
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
        return called_back(waiting, resource, arguments, ctx["Task"]["Token"], timeout, heartbeat)
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
