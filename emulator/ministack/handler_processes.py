"""A handler's process is known by its access key, and its sudden death by Lambda's own name.

``Runtime.ExitError`` is the error of a process that ended before it answered:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

import signal
import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from emulator.faults.callers import Callers, Kind
from emulator.ministack.seams import Seam

SEAMS = (
    Seam(path="ministack.core.lambda_runtime:execution_credentials", parameters=("config",)),
    Seam(
        path="ministack.core.lambda_runtime:Worker._spawn",
        parameters=("self",),
        calls=("execution_credentials", "Popen", "_proc"),
    ),
    Seam(path="ministack.core.lambda_runtime:Worker.invoke", calls=("_spawn", "_lock", "_proc")),
    Seam(
        path="ministack.services.lambda_svc:_execute_function_warm",
        parameters=("func", "event", "request_id"),
        calls=("invoke", "release_worker"),
    ),
)

_DIED = "Worker process died"
"""MiniStack's words for a process that closed its output before it answered."""


def install(callers: Callers) -> None:
    """Give each handler's process a key of its own; call it before the first function runs."""
    here = threading.local()
    credentials = lambda_runtime.execution_credentials
    spawn, invoke = lambda_runtime.Worker._spawn, lambda_runtime.Worker.invoke
    execute = lambda_svc._execute_function_warm

    def own_credentials(config: dict[str, Any]) -> dict[str, str]:
        return credentials(config) | {"AWS_ACCESS_KEY_ID": here.key}

    def spawned(worker: Any) -> None:
        here.key, worker.caller = callers.admit(Kind.HANDLER, worker.func_name)
        worker.caller.invocation = here.invocation
        worker.caller.kill = lambda: worker._proc.kill()
        spawn(worker)
        here.process = worker._proc

    def invoked(worker: Any, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
        here.invocation, here.process = request_id, worker._proc
        if worker._proc is not None:
            worker.caller.invocation = request_id
        return invoke(worker, event, request_id, **options)

    def told(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result = execute(func, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorMessage") == _DIED:
            exited = _exited(here.process.returncode, request_id)
            log = result.get("log", "").removesuffix(_DIED)
            result |= {"body": exited, "log": f"{log}{exited['errorMessage']}\nRuntime.ExitError"}
        return result

    lambda_runtime.execution_credentials = own_credentials
    lambda_runtime.Worker._spawn = spawned
    lambda_runtime.Worker.invoke = invoked
    lambda_svc._execute_function_warm = told


def _exited(code: int | None, request_id: str) -> dict[str, str]:
    """Word it as Lambda does: "RequestId: … Error: Runtime exited with error: signal: killed"."""
    if code is not None and code < 0:
        how = f"with error: signal: {(signal.strsignal(-code) or str(-code)).lower()}"
    else:
        how = f"with error: exit status {code}" if code else "without providing a reason"
    return {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited {how}",
    }
