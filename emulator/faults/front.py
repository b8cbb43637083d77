"""Stands before the AWS services: notes each call of a known process, and lets faults act."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from emulator.control import Application, Receive, Scope, Send
from emulator.faults.answers import error_answer
from emulator.faults.book import FaultBook
from emulator.faults.callers import Caller
from emulator.faults.hang_up import hang_up
from emulator.faults.operation import Request, operation_of
from emulator.faults.rule import Effect, Rule


class Front:
    """An ASGI application around the services'."""

    def __init__(self, services: Application, book: FaultBook) -> None:
        self._services = services
        self._book = book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _head(scope) if scope["type"] == "http" else None
        known = None if request is None else request.credential()
        caller = None if known is None else self._book.callers.by_key(known[0])
        if request is None or known is None or caller is None:
            await self._services(scope, receive, send)
            return
        messages = [await receive()]
        if "x-amz-target" not in request.headers:
            while messages[-1].get("more_body"):
                messages.append(await receive())
        body = b"".join(each.get("body", b"") for each in messages)
        request = Request(
            method=request.method,
            path=request.path,
            query=request.query,
            headers=request.headers,
            body=body,
        )
        again = _replayed(iter(messages), receive)
        rule = self._book.meet(caller, known[1], operation_of(known[1], request))
        if rule is None:
            await self._services(scope, again, send)
        elif rule.effect is Effect.ERROR:
            await _tell(send, error_answer(rule, known[1], request))
        else:
            await self._break(rule, caller, scope, again)

    async def _break(self, rule: Rule, caller: Caller, scope: Scope, receive: Receive) -> None:
        async def lost(_message: dict[str, Any]) -> None:
            """Nobody hears the reply."""

        if rule.effect in (Effect.LOSE_REPLY, Effect.KILL_AFTER):
            await self._services(scope, receive, lost)
        if rule.effect is not Effect.LOSE_REPLY and caller.kill is not None:
            caller.kill()
        hang_up(scope["client"])


def _head(scope: Scope) -> Request:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers=headers,
        body=b"",
    )


def _replayed(messages: Iterator[dict[str, Any]], receive: Receive) -> Receive:
    async def again() -> dict[str, Any]:
        kept = next(messages, None)
        return await receive() if kept is None else kept

    return again


async def _tell(send: Send, answer: tuple[int, dict[str, str], bytes]) -> None:
    status, headers, body = answer
    headers["content-length"] = str(len(body))
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
