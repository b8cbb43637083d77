"""Write a whole answer at once, where uvicorn's ``send`` writes its head and its body apart.

That would be two system calls, two packets, and checks of headers that are always the same.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

Cycle: TypeAlias = Any
"""uvicorn's RequestResponseCycle: one request and its answer."""


def answer_whole(cycle: Cycle, status: int, lines: bytes, content: bytes) -> bool:
    """Do as ``cycle.send`` does for a head and a body; return whether the caller is still there."""
    if cycle.disconnected or cycle.response_started:
        return False
    cycle.response_started = cycle.response_complete = True
    always = b"".join([b"%b: %b\r\n" % header for header in cycle.default_headers])
    close = b"" if cycle.keep_alive else b"connection: close\r\n"
    length = b"content-length: %d\r\n\r\n" % len(content)
    parts = (STATUS_LINE[status], always, lines, close, length, content)
    cycle.transport.write(b"".join(parts))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
