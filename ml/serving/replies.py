"""What goes back to a caller, as the messages of ASGI."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from ml.serving.limits import BadRequest

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

CLOSE: Header = (b"connection", b"close")
"""uvicorn closes the connection after an answer that says so."""


class Headers:
    """Headers that many answers have, as pairs and as they are written."""

    __slots__ = ("lines", "pairs")

    def __init__(self, *pairs: Header) -> None:
        self.pairs = pairs
        self.lines = b"".join(b"%b: %b\r\n" % pair for pair in pairs)

    def and_close(self) -> Headers:
        return self if CLOSE in self.pairs else Headers(*self.pairs, CLOSE)


NONE = Headers()


async def reply(
    send: Send, status: int, content: bytes, kind: str, headers: Headers = NONE
) -> None:
    content_type, length = kind.encode("latin-1"), b"%d" % len(content)
    start = [(b"content-type", content_type), (b"content-length", length), *headers.pairs]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": content})


async def reply_error(send: Send, status: int, problem: str, headers: Headers = NONE) -> None:
    await reply(send, status, error_body(problem), "application/json", headers)


def error_body(problem: str) -> bytes:
    return orjson.dumps({"error": problem})


def problem_of(error: Exception) -> tuple[int, str]:
    """Return the status and what a caller is told; the log holds what nobody foresaw."""
    match error:
        case BadRequest():
            return error.status, str(error)
        case TimeoutError():
            return 503, f"no answer in time: {error}"
        case _:
            traceback.print_exception(error)
            return 500, "the server failed; its log says why"
