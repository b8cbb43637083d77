"""Workers that share a socket share what comes in."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest
import uvloop

from ml.serving.figures import OPEN, READY, new_board
from ml.serving.listening import Listening

Rows: TypeAlias = "Sequence[memoryview[float]]"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


@pytest.fixture
def rows() -> Rows:
    rows = list(new_board(2).rows())
    for row in rows:
        row[READY] = 1
    return rows


def test_connections_that_come_at_once_are_shared_evenly(listener: socket.socket, rows: Rows):
    async def scenario() -> None:
        with callers(listener, 6):
            await listened(listener, rows, workers=(0, 1), until=lambda: opened(rows) == 6)

    run(scenario())

    assert [row[OPEN] for row in rows] == [3, 3]


def test_a_worker_beside_an_idle_one_that_takes_nothing_takes_all(
    listener: socket.socket, rows: Rows
):
    async def scenario() -> None:
        with callers(listener, 3):
            await listened(listener, rows, workers=(0,), until=lambda: opened(rows) == 3)

    run(scenario())

    assert [row[OPEN] for row in rows] == [3, 0]


def test_a_worker_that_is_not_ready_is_not_waited_for(listener: socket.socket, rows: Rows):
    rows[1][READY] = 0
    rows[0][OPEN] = 5

    async def scenario() -> Listening:
        with callers(listener, 1):
            return await listened(listener, rows, workers=(0,), until=lambda: opened(rows) == 6)

    assert run(scenario()).gave_way == 0


def test_a_connection_waits_while_too_many_files_are_open(listener: socket.socket, rows: Rows):
    class Full(socket.socket):
        refusals = 2

        def accept(self) -> tuple[socket.socket, Any]:
            if self.refusals:
                self.refusals -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    full = Full(fileno=listener.dup().detach())

    async def scenario() -> None:
        with callers(listener, 1):
            await listened(full, rows, workers=(0,), until=lambda: opened(rows) == 1, own=True)

    run(scenario())

    assert full.refusals == 0


def run(scenario: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(scenario)


def opened(rows: Rows) -> int:
    return int(sum(row[OPEN] for row in rows))


async def listened(
    listener: socket.socket,
    rows: Rows,
    workers: Sequence[int],
    until: Callable[[], bool],
    *,
    own: bool = False,
) -> Listening:
    """Have ``workers``, which share the socket as processes do, accept; return the first."""
    transports: list[asyncio.BaseTransport] = []

    class Kept(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transports.append(transport)

    listening = [
        Listening(
            listener if own else listener.dup(),
            Kept,
            rows[at],
            [row for row in rows if row is not rows[at]],
        )
        for at in workers
    ]
    for each in listening:
        each.start()
    async with asyncio.timeout(5):
        while not until() or any(each.opening for each in listening):
            await asyncio.sleep(0.001)
    for each in listening:
        each.close()
    for transport in transports:
        transport.close()
    await asyncio.sleep(0)
    return listening[0]


@contextmanager
def callers(listener: socket.socket, count: int) -> Generator[None]:
    made = [socket.create_connection(listener.getsockname()) for _ in range(count)]
    try:
        yield
    finally:
        for each in made:
            each.close()
