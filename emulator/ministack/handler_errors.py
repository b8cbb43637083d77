"""What a Python handler raised is told by its own name, as Lambda's runtime tells it.

Lambda answers ``errorMessage``, ``errorType`` (the exception's class), ``requestId`` and
``stackTrace``, and Step Functions names the failed task's error by that type.
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html

MiniStack calls every exception ``Runtime.HandlerError``.
"""

import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from emulator.ministack.seams import Seam

SEAMS = (
    Seam(path="ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT"),
    Seam(path="ministack.core.lambda_runtime:Worker.invoke"),
    Seam(
        path="ministack.services.lambda_svc:_execute_function_warm",
        parameters=("func", "event", "request_id"),
        calls=("invoke",),
    ),
)

_TOLD = '"error": str(e), "trace": traceback.format_exc()}'
_TOLD_WITH_TYPE = (
    '"error": str(e), "type": type(e).__name__, "stack": traceback.format_tb(e.__traceback__)[1:], '
    '"trace": traceback.format_exc()}'
)


def install() -> None:
    """Have workers say what was raised; call it before the first function runs."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_TOLD) != 1:
        raise RuntimeError("MiniStack's Python worker no longer tells an exception as we expect it")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_TOLD, _TOLD_WITH_TYPE)
    said = threading.local()
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def heard(worker: Any, *args: Any, **options: Any) -> dict[str, Any]:
        answer = invoke(worker, *args, **options)
        said.last = answer
        return answer

    def told(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        said.last = {}
        result = execute(func, event, request_id)
        raised = said.last
        if result.get("error") and "type" in raised:
            result["body"] |= {
                "errorType": raised["type"],
                "requestId": request_id,
                "stackTrace": raised["stack"],
            }
        return result

    lambda_runtime.Worker.invoke = heard
    lambda_svc._execute_function_warm = told
