"""Arrow and parquet, read and written in a process of its own that hostile files may break.

Its memory is limited: what a few kilobytes unpack to is not known before it is done, and the
library ends its process where it cannot go on. https://arrow.apache.org/docs/format/Security.html
"""

import io
import mmap
import os
import resource
import signal
import socket
import sys
from typing import Any, NoReturn

import arro3.io
import numpy as np
from arro3.core import Array, DataType, RecordBatchReader, Table
from numpy.typing import NDArray

from ml.serving.formats.arrow_messages import check_messages
from ml.serving.formats.messages import receive, send
from ml.serving.limits import LABEL_FROM, MAX_ROWS, BadRequest, shown
from ml.serving.schema import check_names

SECONDS = 5.0
"""For one body. What a request may hold takes a hundredth of it."""
_NICE = 5
"""Batches give way to single requests."""
MEMORY_BYTES = 256 * 1024 * 1024
"""Of address space, beside what the program itself takes; 10,000 rows of 500 features take 40."""


def read(form: str, names: list[str], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return how many rows there are, and their values in the order of ``names``."""
    reader = _opened(form, body)
    fields = list(reader.schema)
    check_names(names, "columns", [field.name for field in fields])
    for field in fields:
        if not (DataType.is_integer(field.type) or DataType.is_floating(field.type)):
            kind = str(field.type).strip().removeprefix("arro3.core.DataType<").removesuffix(">")
            raise BadRequest(
                f"field {field.name!r}: must be a column of numbers, got {shown(kind)}"
            )
    order = [[field.name for field in fields].index(name) for name in names]
    parts: list[NDArray[np.float64]] = []
    rows = 0
    for batch in reader:
        if rows + batch.num_rows > MAX_ROWS:
            raise BadRequest(f"a request must hold 1 to {MAX_ROWS} rows, got more", 413)
        columns = [batch.column(place) for place in order]
        for name, column in zip(names, columns, strict=True):
            _refuse_null(rows, name, column)
        values = [np.asarray(column.to_numpy(), dtype=np.float64) for column in columns]
        parts.append(np.stack(values, axis=1))
        rows += batch.num_rows
    return {"rows": rows}, b"".join(part.tobytes() for part in parts)


def write(form: str, version: str, labelled: bool, scores: bytes) -> bytes:
    """Return a table of ``score`` and, of a classifier, ``label``."""
    values = np.frombuffer(scores, dtype=np.float64)
    columns = {"score": Array.from_numpy(values)}
    if labelled:
        columns["label"] = Array.from_numpy((values >= LABEL_FROM).astype(np.int64))
    table = Table.from_pydict(columns, metadata={"model_version": version})
    output = io.BytesIO()
    if form == "parquet":
        arro3.io.write_parquet(table, output)
    else:
        arro3.io.write_ipc_stream(table, output, compression=None)
    return output.getvalue()


def _opened(form: str, body: bytes) -> RecordBatchReader:
    if form == "parquet":
        return arro3.io.read_parquet(io.BytesIO(body))
    check_messages(body)
    return arro3.io.read_ipc_stream(io.BytesIO(body))


def _refuse_null(rows: int, name: str, column: Array) -> None:
    if column.null_count:
        row = rows + 1 + column.to_pylist().index(None)
        raise BadRequest(f"row {row}, field {name!r}: must be a finite number, got 'null'")


def answered(question: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        if question["do"] == "read":
            return read(question["form"], question["names"], body)
        written = write(question["form"], question["version"], question["labelled"], body)
        return {}, written
    except BadRequest as refusal:
        return {"error": str(refusal), "status": refusal.status}, b""
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the library's panics are no Exceptions
        reason = f"the body cannot be taken as {question['form']}: {shown(error)}"
        return {"error": reason, "status": 400}, b""


def main() -> int:
    """Answer until the other side has gone, in a child that may break: another one takes a
    millisecond, and a program that has to load the library anew a hundred times as much."""
    # Whoever started this one also ends it, by closing the connection.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    busy = mmap.mmap(-1, 1)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        send(connection, {"ready": True}, b"")
        while True:
            child = os.fork()
            if child == 0:
                _answer_on(connection, busy)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if code == 0:
                return 0
            if busy[0]:
                send(
                    connection,
                    {"error": f"the body cannot be read: {_why(code)}", "status": 400},
                    b"",
                )


def _answer_on(connection: socket.socket, busy: mmap.mmap) -> NoReturn:
    try:
        _limit_memory()
        while True:
            busy[0] = 0
            question = receive(connection)
            if question is None:
                os._exit(0)
            busy[0] = 1
            # Its default is to end the process, whatever that is doing.
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            answer = answered(*question)
            signal.setitimer(signal.ITIMER_REAL, 0)
            busy[0] = 0
            send(connection, *answer)
    finally:
        os._exit(1)


def _why(code: int) -> str:
    if code == -signal.SIGALRM:
        return f"it takes more than {SECONDS:g} seconds"
    return "it takes too much memory, or is broken"


def _limit_memory() -> None:
    try:
        with open("/proc/self/statm", encoding="ascii") as pages:
            taken = int(pages.read().split()[0]) * resource.getpagesize()
    except OSError:  # only Linux says and keeps it; images are Linux
        return
    limit = taken + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
