"""One worker process: an event loop that accepts connections, says that it works, and drains."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Generator, Sequence
from time import monotonic
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ml.serving.application import Application
from ml.serving.board import Board
from ml.serving.capture import Capture
from ml.serving.connection import Connection
from ml.serving.figures import BEAT, OPEN, READY
from ml.serving.listening import Listening

LINGER_SECONDS = 0.5
"""After SIGTERM callers may still ask on open connections, each answer being their last: closing an
idle connection loses the request that is on its way."""
IN_FLIGHT_SECONDS = 21
"""Then what is in flight has so long; SageMaker's SIGKILL comes 30 seconds after its SIGTERM."""
CAPTURED_SECONDS = 22
"""And so long after SIGTERM it is tried to upload what was captured."""
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048
_TICKS = 10
"""uvicorn's ticks in a second."""
_GARBAGE = (50_000, 20, 20)
"""Collections, of which a request needs none, are a pause of milliseconds in a hundred requests."""


def configured(application: Any, connection: type[HttpToolsProtocol] = Connection) -> Config:
    """Return uvicorn's settings; nothing stands between a connection and ``application``."""
    return Config(
        application,
        loop="uvloop",
        http=connection,
        ws="none",
        interface="asgi3",
        lifespan="off",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=IN_FLIGHT_SECONDS,
    )


class Worker(Server):
    def __init__(
        self,
        application: Application,
        row: memoryview[float],
        others: Sequence[memoryview[float]],
        capture: Capture | None,
    ) -> None:
        super().__init__(configured(application))
        self._application = application
        self._capture = capture
        self._row = row
        self._others = others
        self._listening: list[Listening] = []

    async def on_tick(self, counter: int) -> bool:
        opening = sum(each.opening for each in self._listening)
        self._row[OPEN] = len(self.server_state.connections) + opening
        if counter % _TICKS == 0:
            self._look()
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        if self._capture is not None:
            self._capture.start()
        self._listening = [
            Listening(each, self._connection, self._row, self._others) for each in sockets or []
        ]
        for listening in self._listening:
            listening.start()
        self._row[READY] = 1
        self._row[BEAT] = monotonic()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.drain()
        loop = asyncio.get_running_loop()
        end = loop.time() + LINGER_SECONDS
        while self.server_state.connections and loop.time() < end:
            await asyncio.sleep(0.02)
        self._row[READY] = 0
        for listening in self._listening:
            listening.close()
        await super().shutdown(sockets)
        if self._capture is not None:
            left = end - LINGER_SECONDS + CAPTURED_SECONDS - loop.time()
            await asyncio.to_thread(self._capture.close, max(left, 1))

    def _connection(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            connection.look(now)
        if not self._application.invocations.stuck:
            self._row[BEAT] = monotonic()
        if self._application.orphaned:
            self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn raises a signal again once it has drained; here it has then done its work.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self.handle_exit)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
        yield


def work(
    application: Application,
    board: Board,
    number: int,
    listener: socket.socket,
    capture: Capture | None = None,
) -> int:
    """Answer on ``listener`` as the board's worker ``number`` until SIGTERM; return the exit code
    of the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)
    # A large request's thread gives way to the event loop after so many seconds.
    sys.setswitchinterval(0.001)
    own, others = board.row(number), [row for at, row in enumerate(board.rows()) if at != number]
    Worker(application, own, others, capture).run([listener])
    return 0
