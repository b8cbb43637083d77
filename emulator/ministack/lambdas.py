"""Lambda functions run in an interpreter of their own, which sees their bundle and boto3 only.

MiniStack would start handlers with its own interpreter and its own environment. On AWS a handler
sees the runtime's libraries and the variables documented at
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

import os
import sys
import time
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from emulator.ministack.seams import Seam
from emulator.moved_time import TimeModule, real_time

_INVOCATION = ("func", "event", "request_id")
_REFUSED = (
    "_execute_function_docker",
    "_execute_function_local",
    "_execute_function_provided",
    "_execute_function_provided_warm",
)
_DURATIONS = (
    "_invoke",
    "_execute_function",
    "_execute_function_dispatch",
    "invoke_async_with_retry.<locals>._run",
)
"""What measures how long something took: it must not jump when the clock is advanced."""

_LOGGING = """
import json, logging, sys, time

class _AsLambda(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            line["errorType"] = record.exc_info[0].__name__
            line["errorMessage"] = str(record.exc_info[1])
            line["stackTrace"] = self.formatException(record.exc_info).splitlines()
        return json.dumps(line)

_handler = logging.StreamHandler(sys.stderr)
_handler.setFormatter(_AsLambda())
logging.getLogger().addHandler(_handler)
"""
"""What the Python runtime sets up before a handler is imported: its loggers write JSON lines.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""
_LOG_WAITS = (0.01, 0.005, 0.25)
"""Real seconds for a first log line, for the next one, and for all: a line is written before the
answer, so it has come when the answer has, and a handler that logs nothing costs no 50 ms."""

SEAMS = (
    Seam(
        path="ministack.core.lambda_runtime:_detect_runtime_binary",
        parameters=("runtime",),
    ),
    Seam(path="ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT"),
    Seam(path="ministack.core.lambda_runtime:_NODEJS_WORKER_SCRIPT"),
    Seam(
        path="ministack.core.lambda_runtime:Worker._spawn",
        parameters=("self",),
        calls=("_detect_runtime_binary", "environ", "Popen"),
    ),
    Seam(
        path="ministack.core.lambda_runtime:Worker._drain_stderr_bounded",
        parameters=("self", "first_line_wait", "idle_confirm", "hard_cap"),
    ),
    Seam(path="ministack.core.lambda_runtime:time"),
    Seam(path="ministack.core.lambda_runtime:os"),
    Seam(path="ministack.core.lambda_runtime:_workers"),
    Seam(path="ministack.services.lambda_svc:time"),
    Seam(path="ministack.services.lambda_svc:_inflight_total"),
    Seam(path="ministack.services.lambda_svc:invoke_async_with_retry"),
    Seam(path="ministack.services.lambda_svc:_invoke"),
    Seam(
        path="ministack.services.lambda_svc:_execute_function_dispatch",
        calls=("_execute_function_warm", "_execute_function_proxy", *_REFUSED[0:1], *_REFUSED[2:]),
    ),
    *(
        Seam(path=f"ministack.services.lambda_svc:{name}", parameters=_INVOCATION)
        for name in _REFUSED
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtimes:
    """The interpreters of the functions: Python's is required, Node's is optional."""

    python: Path
    node: Path | None = None


class _CleanOs(types.ModuleType):
    """The ``os`` module, with the environment that a function starts from."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__("os")
        self.environ = dict(environment)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def install(*, runtimes: Runtimes, endpoint_url: str, temporary: Path) -> None:
    """Give functions their interpreter and environment, and Lambda's timers real time."""
    lambda_runtime._detect_runtime_binary = _binaries(runtimes)
    lambda_runtime.os = _CleanOs(
        {
            "PATH": f"{runtimes.python.parent}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_ENDPOINT_URL": endpoint_url,
            # AWS lets a function write to /tmp; here to a folder of the account.
            "TMPDIR": str(temporary),
        }
    )
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = _LOG_WAITS
    lambda_runtime.time = TimeModule(time, real_time)
    lambda_svc.time = TimeModule(time, _time_for_caller)
    for name in _REFUSED:
        setattr(lambda_svc, name, _refuse)


def busy() -> bool:
    """Return whether a function is being invoked right now."""
    return lambda_svc._inflight_total > 0


def _binaries(runtimes: Runtimes) -> Any:
    def binary_of(runtime: str) -> tuple[str, str]:
        if runtime.startswith("python"):
            return str(runtimes.python), _LOGGING + lambda_runtime._PYTHON_WORKER_SCRIPT
        if runtime.startswith("nodejs") and runtimes.node is not None:
            return str(runtimes.node), lambda_runtime._NODEJS_WORKER_SCRIPT
        raise RuntimeError(
            f"the embedded account has no interpreter for runtime {runtime!r}: it runs python*"
            + (", nodejs*" if runtimes.node else "; start it with --node for nodejs*")
        )

    return binary_of


def _time_for_caller() -> float:
    # The standard library has no public way to ask who called.
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    caller = frame.f_code.co_qualname
    return real_time() if caller in _DURATIONS else time.time()


def _refuse(func: dict[str, Any], _event: object, _request_id: str) -> dict[str, Any]:
    """Answer for the ways to run code that would not be isolated."""
    config = func.get("config") or func
    kind = config.get("PackageType", "Zip")
    wanted = "an image" if kind == "Image" else f"runtime {config.get('Runtime')!r}"
    message = (
        f"the embedded account runs Lambda functions of python* and nodejs* zip bundles; "
        f"{config.get('FunctionName')!r} asks for {wanted}"
    )
    return {
        "body": {"errorMessage": message, "errorType": "Runtime.NotEmulated"},
        "error": True,
        "log": message,
    }
