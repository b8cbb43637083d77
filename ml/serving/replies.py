"""What goes back to a caller, as the messages of ASGI or in one go where the server can."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from ml.serving.connection import WHOLE_ANSWER

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

CLOSE: Header = (b"connection", b"close")
"""uvicorn closes the connection after an answer that says so."""


class Headers:
    """Headers that many answers have, as pairs and as they are written."""

    __slots__ = ("closes", "lines", "pairs")

    def __init__(self, *pairs: Header) -> None:
        self.pairs = pairs
        self.lines = b"".join(b"%b: %b\r\n" % pair for pair in pairs)
        self.closes = CLOSE in pairs

    def and_close(self) -> Headers:
        return self if self.closes else Headers(*self.pairs, CLOSE)


NONE = Headers()


async def reply(
    scope: Scope, send: Send, status: int, content: bytes, kind: str, headers: Headers = NONE
) -> None:
    content_type = kind.encode("latin-1")
    extensions = scope.get("extensions")
    if extensions is not None and not headers.closes and scope["method"] != "HEAD":
        whole = extensions.get(WHOLE_ANSWER)
        lines = b"content-type: %b\r\n%b" % (content_type, headers.lines)
        if whole is not None and whole(status, lines, content):
            return
    length = b"%d" % len(content)
    start = [(b"content-type", content_type), (b"content-length", length), *headers.pairs]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": content})


async def reply_error(
    scope: Scope, send: Send, status: int, problem: str, headers: Headers = NONE
) -> None:
    content = orjson.dumps({"error": problem})
    await reply(scope, send, status, content, "application/json", headers)
