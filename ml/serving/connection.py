"""One connection to the server, which may neither send without end nor without progress.

uvicorn's own protocol limits no head, and waits for ever for a head or a body that was begun. What
is added costs a request a look at a dictionary: time is kept by a look every second, not by timers.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from ml.serving.express import express_of

MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0
"""For a head from its first byte on, and for a connection's first head."""
BODY_SECONDS = 20.0
"""For a body from the end of its head on."""
REQUEST_SECONDS = 90.0
"""From a request's head until its answer is taken; the application gives up earlier by itself."""
REFUSED = "perennial.refused"
"""Where the request's scope says with which status the connection already answered it."""


class Connection(HttpToolsProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head = 0
        self._seen: object = None
        self._seen_at = self.loop.time()
        self._express = express_of(self.app)
        self._feeding = False
        self._whole: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        if len(data) <= MAX_HEAD_BYTES:
            self._feed(data)
            return
        for start in range(0, len(data), MAX_HEAD_BYTES):
            if not self.transport.is_closing():
                self._feed(data[start : start + MAX_HEAD_BYTES])

    def _feed(self, data: bytes) -> None:
        self._feeding = True
        try:
            super().data_received(data)
        finally:
            self._feeding = False
        if self._whole is not None:
            cycle, self._whole = self._whole, None
            super()._start_asgi_task(cycle, self.app)
        # ``method`` is set when the head is complete.
        if self.scope is not None and "method" not in self.scope:
            # What came with a head's first byte may have been the body before it.
            self._head += len(data) if self._head else 1
            if self._head > MAX_HEAD_BYTES:
                self._refuse(431, f"a request's head must be at most {MAX_HEAD_BYTES} bytes")
        else:
            self._head = 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # Called when a head is complete; its body may be complete in a moment, or come later.
        if self._feeding and self._express is not None and self._whole is None:
            self._whole = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        cycle = self._whole
        if cycle is not None and self._express is not None and not cycle.more_body:
            self._whole = None
            if not self._express.take(cycle):
                super()._start_asgi_task(cycle, self.app)

    @property
    def _answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def look(self, now: float) -> None:
        """End the connection if nothing moved for too long."""
        if self.cycle is not self._seen or self.timeout_keep_alive_task is not None:
            self._seen, self._seen_at = self.cycle, now
            return
        waited = now - self._seen_at
        if self.transport.is_closing() or waited > REQUEST_SECONDS:
            if waited > REQUEST_SECONDS:
                # Nobody takes the answer.
                self.transport.abort()
        elif self._answered:
            if waited > HEAD_SECONDS:
                self._refuse(408, f"a request's head must come within {HEAD_SECONDS:g} seconds")
        elif self.cycle.more_body and waited > BODY_SECONDS:
            self._refuse(408, f"a request's body must come within {BODY_SECONDS:g} seconds")

    def _refuse(self, status: int, reason: str) -> None:
        if self.transport.is_closing():
            return
        if self._answered or not self.cycle.response_started:
            content = b'{"error":"%b"}' % reason.encode()
            kind = b"content-type: application/json\r\n"
            end = b"content-length: %d\r\nconnection: close\r\n\r\n" % len(content)
            self.transport.write(STATUS_LINE[status] + kind + end + content)
        if not self._answered:
            self.cycle.scope[REFUSED] = status
        self.transport.close()
