"""The process that reads Arrow and parquet for this one, started when it is first needed."""

import atexit
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.serving.formats.messages import receive, send
from ml.serving.limits import BadRequest, count_rows
from ml.serving.schema import Schema

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
COLUMNAR = frozenset((ARROW, PARQUET))
_START_SECONDS = 30.0
_SECONDS = 10.0
"""For one body: twice of what the process beside gives itself."""
_PROGRAM = "ml.serving.formats.columnar"


class Beside:
    """One process that answers one question after another; broken by one, it is started anew."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    def ask(self, question: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        form = question["form"]
        with self._lock:
            connection = self._connected()
            answer, problem = None, "the process that reads it ended"
            try:
                send(connection, question, body)
                answer = receive(connection)
            except TimeoutError:
                problem = f"it takes more than {_SECONDS:g} seconds"
            except OSError:
                pass
            if answer is None:
                self._stop()
                raise BadRequest(f"the body cannot be taken as {form}: {problem}")
        if "error" in answer[0]:
            raise BadRequest(answer[0]["error"], answer[0]["status"])
        return answer

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _connected(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        return self._start() if self._connection is None else self._connection

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # What the library says of a broken file is in its answer as well.
                stderr=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path),
                    "OPENBLAS_NUM_THREADS": "1",
                    "RUST_BACKTRACE": "0",
                },
            )
        self._connection = ours
        ours.settimeout(_START_SECONDS)
        if receive(ours) is None:
            self._stop()
            raise RuntimeError(f"{_PROGRAM} does not start: does the image hold arro3?")
        ours.settimeout(_SECONDS)
        return ours

    def _stop(self) -> None:
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.wait()


_BESIDE = Beside()
atexit.register(_BESIDE.close)


def read_arrow(body: bytes, schema: Schema) -> NDArray[np.float64]:
    return _read("arrow", body, schema)


def read_parquet(body: bytes, schema: Schema) -> NDArray[np.float64]:
    return _read("parquet", body, schema)


def write_table(form: str, version: str, scores: Sequence[float], *, labelled: bool) -> bytes:
    question = {"do": "write", "form": form, "version": version, "labelled": labelled}
    return _BESIDE.ask(question, np.array(scores, dtype=np.float64).tobytes())[1]


def _read(form: str, body: bytes, schema: Schema) -> NDArray[np.float64]:
    question = {"do": "read", "form": form, "names": schema.names}
    answer, content = _BESIDE.ask(question, body)
    count_rows(answer["rows"])
    values = np.frombuffer(content, dtype=np.float64).reshape(answer["rows"], len(schema.names))
    return schema.checked(values)
