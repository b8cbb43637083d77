"""Read the body of a request, but never more of it than is allowed: its length may be a lie."""

from __future__ import annotations

from ml.serving.limits import MAX_BYTES, BadRequest
from ml.serving.replies import Message, Receive


class Disconnected(Exception):
    """The caller went away before the request was whole, or was too slow."""


async def read_body(receive: Receive) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        _check(len(body))
        return body
    return await _rest(message, receive)


async def _rest(message: Message, receive: Receive) -> bytes:
    content = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        content += message.get("body", b"")
        _check(len(content))
        if not message.get("more_body", False):
            return bytes(content)
        message = await receive()


def _check(size: int) -> None:
    if size > MAX_BYTES:
        raise BadRequest(f"the body must be at most {MAX_BYTES} bytes", 413)
