"""The server as SageMaker starts it: a process, a port, and the workers below it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parents[3]
SERVE = ("-m", "ml.container", "serve")
IMPATIENT = (
    "-c",
    "import os, sys\n"
    "from ml.serving.__main__ import serve\n"
    "from ml.serving.supervisor import Patience\n"
    "sys.exit(serve(os.environ, Patience(silent_seconds=2, deaths=3)))",
)
"""The same, but a worker may be silent for two seconds and the third death is the last."""


@contextmanager
def server(
    base: Path, program: Sequence[str] = SERVE, **variables: str
) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *program],
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            **variables,
        },
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def connected(process: "subprocess.Popen[str]", port: int) -> HTTPConnection:
    """Return a connection on which a ping was answered."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/ping")
        except ConnectionRefusedError:
            connection.close()
            time.sleep(0.02)  # waits for another process, not for time to pass
            continue
        assert connection.getresponse().read() == b""
        return connection
    raise AssertionError(f"the server did not start: {process.stderr and process.stderr.read()}")


def workers_of(process: "subprocess.Popen[str]") -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(child) for child in children.read_text().split()]


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for another process."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)
