"""Parallel states: branches with variables of their own, which the first error ends.

https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
"""

import contextvars
import copy
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.ministack.executions import CANCELLED, Execution
from emulator.ministack.task_states import Context, Outcome, State, arguments_of, outcome

SEAMS = (
    "ministack.services.stepfunctions:_run_parallel_branches",
    "ministack.services.stepfunctions:_run_sub_machine",
)


def install() -> None:
    sfn._run_parallel_branches = _parallel


def _parallel(state: State, given: Any, execution: Execution, ctx: Context) -> Outcome:
    arguments = arguments_of(state, given, ctx)
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
    return outcome(state, given, ctx, [future.result() for future in futures])


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
