"""Accepts connections for one worker, so that none has many while another one is idle.

The workers share one listening socket. Whoever wakes first would take all connections that wait,
and callers whose connections stay would queue in one process for ever: half of two processors
(benchmarks/README.md).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

from ml.serving.figures import OPEN, READY

GIVE_WAY_SECONDS = 0.002
"""A worker that has more connections than another one leaves the next to it for so long."""
_FULL_SECONDS = 0.1
"""Without a file descriptor left it is looked again after so long."""


class Listening:
    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        row: memoryview[float],
        others: Sequence[memoryview[float]],
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._row = row
        self._others = others
        self._loop = asyncio.get_running_loop()
        self._paused: asyncio.TimerHandle | None = None
        self.gave_way = 0
        """How often a connection was left to others."""
        self._opening: set[asyncio.Task[object]] = set()

    @property
    def opening(self) -> int:
        """Connections that were accepted and have no protocol yet."""
        return len(self._opening)

    def start(self) -> None:
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener.fileno(), self._came)

    def close(self) -> None:
        if self._paused is not None:
            self._paused.cancel()
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()

    def _came(self) -> None:
        own = self._row[OPEN]
        if any(other[READY] and other[OPEN] < own for other in self._others):
            self.gave_way += 1
            self._pause(GIVE_WAY_SECONDS)
        else:
            self._accept()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._paused = self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._paused = None
        self._loop.add_reader(self._listener.fileno(), self._came)
        # Nobody else took it meanwhile, or several came: one is taken in any case.
        self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:
            # Too many files are open, which the next moment may end.
            self._pause(_FULL_SECONDS)
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._row[OPEN] += 1
        task = self._loop.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket) -> object:
        try:
            return await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # the caller has gone already
            connection.close()
            return None
