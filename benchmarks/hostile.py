"""Requests that nobody should send: what they are drawn from, and one who sends them."""

import io
import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from ml.serving.formats.beside import ARROW, COLUMNAR, PARQUET
from ml.serving.formats.npy import NPY

KINDS = ("text/csv", "application/json", "application/jsonlines", NPY, ARROW, PARQUET)
SECONDS = 30.0
"""Without an answer or an end for so long, a worker is wedged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes
    closes: bool
    """Whether the server ends the connection with it."""


class Caller:
    """One caller over sockets of its own; connected anew where the server hung up."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(self, kind: str, accept: str, body: bytes) -> Answer | None:
        """Send a request that is right as HTTP; None when nobody answers it."""
        head = (
            b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: %b\r\naccept: %b\r\n"
            b"content-length: %d\r\n\r\n"
        )
        sent = head % (kind.encode("latin-1"), accept.encode("latin-1"), len(body)) + body
        return self._asked(sent) or self._asked(sent)

    def throw(self, sent: bytes, *, more: bool) -> list[Answer]:
        """Send bytes on a connection of their own; return what is answered until its end.

        Unless ``more`` might follow, the server is told that nothing does.
        """
        answers: list[Answer] = []
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=SECONDS)
        with connection, suppress(ConnectionError):
            connection.sendall(sent)
            if more:
                connection.settimeout(0.02)
            else:
                connection.shutdown(socket.SHUT_WR)
            reader = connection.makefile("rb")
            try:
                while (answer := _read(reader)) is not None:
                    answers.append(answer)
            except TimeoutError:
                if not more:
                    raise
        return answers

    def _asked(self, sent: bytes) -> Answer | None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=SECONDS)
        answer = None
        with suppress(ConnectionError):
            # A server may refuse before it has read all, and close.
            with suppress(ConnectionError):
                self._socket.sendall(sent)
            answer = _read(self._socket.makefile("rb"))
        if answer is None or answer.closes:
            self.close()
        return answer


def _read(reader: io.BufferedReader) -> Answer | None:
    """Return the next answer; None at the end of the connection."""
    line = reader.readline()
    if not line.startswith(b"HTTP/1.1 "):
        return None
    status, headers = int(line.split()[1]), dict[bytes, bytes]()
    while (header := reader.readline().strip()) != b"":
        name, _, value = header.partition(b":")
        headers[name.lower()] = value.strip().lower()
    body = reader.read(int(headers.get(b"content-length", b"0")))
    return Answer(status=status, body=body, closes=headers.get(b"connection") == b"close")


def valid_bodies(names: Sequence[str]) -> dict[str, list[bytes]]:
    """Requests of two rows that are answered, by content type."""
    import arro3.io
    from arro3.core import Array, Table

    row = [round(0.1 * place, 1) for place in range(len(names))]
    table = Table.from_pydict(
        {n: Array.from_numpy(np.array([v, v])) for n, v in zip(names, row, strict=True)}
    )
    stream, file = io.BytesIO(), io.BytesIO()
    arro3.io.write_ipc_stream(table, stream, compression=None)
    arro3.io.write_parquet(table, file)
    array = io.BytesIO()
    np.save(array, np.array([row, row], dtype=np.float32))
    record = dict(zip(names, row, strict=True))
    line, cells = json.dumps(row), ",".join(map(str, row))
    return {
        "text/csv": [f"{cells}\n{cells}\n".encode(), f"{','.join(names)}\r\n{cells}".encode()],
        "application/json": [
            json.dumps(document).encode()
            for document in (
                record,
                [row, row],
                {"instances": [record, record]},
                {"columns": list(names), "data": [row]},
                {name: [value, value] for name, value in record.items()},
            )
        ],
        "application/jsonlines": [f"{line}\n{line}\n".encode()],
        NPY: [array.getvalue()],
        ARROW: [stream.getvalue()],
        PARQUET: [file.getvalue()],
    }


ODD_CELLS = (
    *("", "nan", "inf", "-inf", "1e999", "1e-999", "-0", "1_0", "0x1", "1;DROP TABLE rows", "\x00"),
    *(
        "1" * 400,
        "9" * 5000,
        "=1+1",
        "${jndi:ldap://x}",
        "../../etc/passwd",
        "\u0661",
        "\ud7ff",
        '"',
    ),
    *('"1"', "'1'", "true", "null", "{}", "[1]", "1.2.3", "--1", "1e", "+", ".", "e", "\ufeff1"),
)
ODD_JSON = (
    *(b"NaN", b"[NaN]", b"Infinity", b'"\\ud800"', b'{"a":1,"a":2}', b"[1e999]", b"[-]", b"nul"),
    *(b"[" * 900 + b"]" * 900, b"{" * 2000, b'{"instances":' * 900, b"9" * 5000, b"[0]" * 3000),
    *(b'{"instances":[[]]}', b'{"instances":{}}', b'{"columns":[],"data":[]}', b'""', b"\xff\xfe["),
)
REPEATED = (
    b"[",
    b"{",
    b",",
    b"\n",
    b'"',
    b"1,",
    b"[],",
    b"1\n",
    b"0",
    b'{"a":',
    b"\x00",
    b"\xc3\xa9",
)


def bodies(names: Sequence[str], largest: int = 7 << 20) -> st.SearchStrategy[tuple[str, bytes]]:
    """Bodies with the content type that they pretend to have."""
    valid = valid_bodies(names)
    pairs = [(kind, body) for kind in KINDS for body in valid[kind]]
    cells = st.one_of(
        st.floats(-5, 5).map(repr),
        st.sampled_from(ODD_CELLS),
        st.floats().map(repr),
        st.text(max_size=6),
    )
    width = len(names)
    csv = st.lists(
        st.one_of(
            st.lists(cells, min_size=width, max_size=width),
            st.lists(cells, max_size=width + 2),
            st.just(list(names)),
        ).map(",".join),
        max_size=4,
    ).flatmap(lambda rows: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(rows)))
    document = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*names, "instances", "inputs", "columns", "data", "index"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    ).map(json.dumps)
    large = st.builds(
        lambda piece, size: piece * max(1, size // len(piece)),
        st.sampled_from(REPEATED),
        st.sampled_from([1000, 30_000, 40_000, 1 << 20, largest]),
    )
    kinds = st.sampled_from(KINDS) | st.text(
        st.characters(min_codepoint=32, max_codepoint=126), max_size=30
    )
    text_kinds = st.sampled_from(["application/json", "application/jsonlines"])
    return st.one_of(
        st.sampled_from(pairs).flatmap(_changed),
        st.sampled_from(pairs).flatmap(_changed),
        st.tuples(st.just("text/csv"), csv.map(lambda t: t.encode("utf-8", "surrogatepass"))),
        st.tuples(text_kinds, document.map(str.encode)),
        st.tuples(text_kinds, st.sampled_from(ODD_JSON)),
        st.tuples(kinds, st.binary(max_size=200)),
        st.tuples(kinds, st.sampled_from([body for _, body in pairs])),
        st.integers(0, 19).flatmap(
            lambda rare: st.tuples(kinds, large if rare == 0 else st.binary(max_size=50))
        ),
    )


def _changed(pair: tuple[str, bytes]) -> st.SearchStrategy[tuple[str, bytes]]:
    """A valid body with bytes changed, taken away, put in or doubled."""
    kind, body = pair
    places = st.integers(0, len(body) - 1)
    change = st.tuples(
        st.sampled_from(["set", "cut", "put", "double"]), places, st.binary(min_size=1, max_size=4)
    )
    return st.lists(change, min_size=1, max_size=4).map(
        lambda changes: (kind, _apply(body, changes))
    )


def _apply(body: bytes, changes: Sequence[tuple[str, int, bytes]]) -> bytes:
    for how, place, new in changes:
        match how:
            case "set":
                body = body[:place] + new + body[place + len(new) :]
            case "cut":
                body = body[:place] + body[place + 8 * len(new) :]
            case "put":
                body = body[:place] + new + body[place:]
            case _:
                body = body[:place] + body[max(0, place - 40) :]
    return body


ACCEPTS = st.sampled_from(
    [
        "*/*",
        "",
        "text/csv",
        "application/jsonlines",
        *COLUMNAR,
        "text/html",
        "*/*;q=0",
        ",;=,",
        "q" * 900,
    ]
) | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)

_LINE = b"POST /invocations HTTP/1.1\r\n"
_HOST = b"host: x\r\ncontent-type: text/csv\r\n"


def raw(valid: bytes) -> st.SearchStrategy[tuple[bytes, bool]]:
    """Bytes that are no HTTP, or whose HTTP lies; and whether more might follow them."""
    size = len(valid)
    good = _LINE + _HOST + b"content-length: %d\r\n\r\n%b" % (size, valid)
    chunked = _LINE + _HOST + b"transfer-encoding: chunked\r\n\r\n"
    fixed = [
        chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (size, valid),
        chunked + b"-1\r\n%b" % valid,
        chunked + b"zz\r\n%b\r\n0\r\n\r\n" % valid,
        chunked + b"ffffffffffffffffff\r\n%b" % valid,
        chunked + b"%x\r\n%b" % (size + 5, valid),
        chunked + b"%x;%b\r\n%b\r\n0\r\n\r\n" % (size, b"e" * 5000, valid),
        chunked + b"1\r\n1\r\n" * 2000,
        _LINE + _HOST + b"content-length: %d\r\n\r\n%b" % (size + 10, valid),
        _LINE + _HOST + b"content-length: %d\r\n\r\n%b" % (size - 3, valid),
        _LINE + _HOST + b"content-length: -1\r\n\r\n" + valid,
        _LINE + _HOST + b"content-length: many\r\n\r\n" + valid,
        _LINE + _HOST + b"content-length: 99999999999999999999999\r\n\r\n" + valid,
        _LINE + _HOST + b"content-length: 100000000\r\n\r\n" + valid,
        _LINE + _HOST + b"content-length: 5\r\ncontent-length: 6\r\n\r\n" + valid,
        chunked[:-2] + b"content-length: 3\r\n\r\n0\r\n\r\n",
        _LINE + _HOST + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % size,
        _LINE + _HOST + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00",
        _LINE + _HOST + b"x: %b\r\n\r\n" % (b"y" * 100_000),
        _LINE + _HOST + b"".join(b"x%d: y\r\n" % n for n in range(10_000)) + b"\r\n",
        _LINE + b"no colon here\r\n\r\n",
        _LINE + b"host: x\r\n folded: y\r\n\r\n",
        _LINE + b"ho\x00st: x\r\n\r\n",
        b"POST /invocations HTTP/0.9\r\n\r\n",
        b"POST /invocations HTTP/9.9\r\n" + _HOST + b"\r\n",
        b"GET /invocations HTTP/1.1\r\nhost: x\r\n\r\n",
        b"DELETE /%b HTTP/1.1\r\nhost: x\r\n\r\n" % (b"a" * 70_000),
        b"GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET http://169.254.169.254/ HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        good * 20,
        good * 3 + b"\x00garbage\r\n\r\n",
        good + b"GET /ping HTTP/1.1\r\n",
    ]
    changed = _changed(("", good)).map(lambda pair: pair[1])
    return st.tuples(
        st.one_of(st.sampled_from(fixed), changed, st.binary(min_size=1, max_size=300)),
        st.integers(0, 9).map(lambda rare: rare == 0),
    )
