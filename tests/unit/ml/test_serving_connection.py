"""A connection that sends too much, too slowly or takes nothing ends, and a good one does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from ml.serving.connection import BODY_SECONDS, HEAD_SECONDS, MAX_HEAD_BYTES, REQUEST_SECONDS
from ml.serving.connection import Connection as Limited
from ml.serving.replies import Headers, Receive, Scope, Send, reply
from ml.serving.worker import configured

HEAD = b"POST /invocations HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\n\r\n"


class Transport:
    """What a client would receive."""

    def __init__(self) -> None:
        self.written = b""
        self.writes = 0
        self.closed = self.aborted = False

    def write(self, data: bytes) -> None:
        self.writes += 1
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        del name
        return default

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    del scope
    await reply(send, 200, b"yes", "text/plain", Headers((b"x-of", b"3")))


def connection(
    application: Callable[[Scope, Receive, Send], Awaitable[None]] = answering,
    protocol: type[HttpToolsProtocol] = Limited,
) -> tuple[Any, Transport]:
    config = configured(application, protocol)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"today")]
    made = protocol(config=config, server_state=state, app_state={})
    transport = Transport()
    made.connection_made(transport)  # type: ignore[arg-type]
    return made, transport


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await test()

    asyncio.run(whole())


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_body_that_does_not_come_is_answered_with_408() -> None:
    async def test() -> None:
        made, transport = connection()
        made.data_received(HEAD + b"ab")
        await settled()
        made.look(now())
        made.look(now() + BODY_SECONDS - 1)
        assert not transport.closed
        made.look(now() + BODY_SECONDS + 1)
        assert transport.written.startswith(b"HTTP/1.1 408 ")
        assert b"a request's body must come within 20 seconds" in transport.written
        assert transport.closed
        made.connection_lost(None)
        await settled()

    run(test)


@pytest.mark.parametrize("sent", [b"", b"POST /invoc", HEAD[:-4]])
def test_a_head_that_does_not_come_is_answered_with_408(sent: bytes) -> None:
    async def test() -> None:
        made, transport = connection()
        if sent:
            made.data_received(sent)
        made.look(now() + HEAD_SECONDS - 1)
        assert not transport.closed
        made.look(now() + HEAD_SECONDS + 1)
        assert transport.written.startswith(b"HTTP/1.1 408 ")
        assert transport.closed

    run(test)


def test_a_second_head_has_its_own_time() -> None:
    async def test() -> None:
        made, transport = connection()
        made.data_received(HEAD + b"abcd")
        await settled()
        # It was idle for long, as connections may be.
        made.look(now())
        made.look(now() + 60)
        assert not transport.closed
        made.data_received(HEAD[:9])
        made.look(now() + 61)
        assert not transport.closed
        made.look(now() + 60 + HEAD_SECONDS + 1)
        assert transport.closed

    run(test)


@pytest.mark.parametrize("step", [1000, 2 * MAX_HEAD_BYTES])
def test_a_head_without_end_is_answered_with_431(step: int) -> None:
    async def test() -> None:
        made, transport = connection()
        head = HEAD[:-2] + b"x-long: " + b"x" * 3 * MAX_HEAD_BYTES
        for start in range(0, len(head), step):
            if not transport.closed:
                made.data_received(head[start : start + step])
        assert transport.written.startswith(b"HTTP/1.1 431 ")
        assert b"a request's head must be at most 65536 bytes" in transport.written

    run(test)


def test_a_large_body_before_a_head_is_no_large_head() -> None:
    async def test() -> None:
        made, transport = connection()
        body = b"x" * 5 * MAX_HEAD_BYTES
        made.data_received(HEAD.replace(b"4", b"%d" % len(body)) + body[:-60_000])
        made.data_received(body[-60_000:] + HEAD[:-2])
        made.data_received(b"x-long: " + b"x" * 10_000)
        made.data_received(b"\r\n\r\nabcd")
        await settled()
        await settled()
        assert transport.written.count(b"HTTP/1.1 200 OK") == 2

    run(test)


def test_a_caller_that_takes_no_answer_is_let_go() -> None:
    async def test() -> None:
        async def never(scope: Scope, receive: Receive, send: Send) -> None:
            del scope, receive, send
            await asyncio.Event().wait()

        made, transport = connection(never)
        made.data_received(HEAD + b"abcd")
        await settled()
        made.look(now())
        made.look(now() + REQUEST_SECONDS - 1)
        assert not transport.closed
        made.look(now() + REQUEST_SECONDS + 1)
        assert transport.aborted
        made.connection_lost(None)
        for task in made.tasks:
            task.cancel()
        await settled()

    run(test)


def test_two_requests_at_once_are_answered_in_order() -> None:
    async def test() -> None:
        made, transport = connection()
        made.data_received(2 * (HEAD + b"abcd"))
        await settled()
        await settled()
        assert transport.written.count(b"HTTP/1.1 200 OK") == 2

    run(test)
