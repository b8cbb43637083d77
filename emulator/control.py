"""The account's own endpoints, below ``/_emulator/``: clock, images, faults, its end."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from emulator.account_clock import AccountClock
from emulator.images import Image, Images

PREFIX = "/_emulator/"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Body = Mapping[str, Any]


class BadRequest(Exception):
    """The caller asked for something that is not there or not so."""


class Control:
    """Answers the control endpoints; everything else goes to the AWS services."""

    def __init__(
        self,
        services: Application,
        *,
        clock: AccountClock,
        images: Images,
        facts: Mapping[str, Any],
        stop: Callable[[], object],
        more: Mapping[tuple[str, str], Callable[[Body], Any]],
    ) -> None:
        self._services = services
        self._clock = clock
        self._images = images
        self._facts = facts
        self._stop = stop
        # An advance or a push calls back into the account: never on its event loop.
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="control")
        self._answers: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("GET", "health"): self._health,
            ("GET", "clock"): lambda _: {"now": self._clock.now().isoformat()},
            ("POST", "clock"): self._advance,
            ("GET", "images"): lambda _: {"images": [i.as_json() for i in self._images.all()]},
            ("POST", "images"): self._register,
            ("POST", "stop"): self._end,
            **more,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._services(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, answer = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._answer, scope, body
        )
        content = json.dumps(answer, default=str).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, scope: Scope, body: bytes) -> tuple[int, Any]:
        name = scope["path"].removeprefix(PREFIX)
        answer = self._answers.get((scope["method"], name))
        if answer is None:
            known = ", ".join(f"{method} {PREFIX}{name}" for method, name in self._answers)
            return 404, _error("NotFound", f"no such control endpoint; there are {known}")
        if scope["method"] == "POST" and not _is_json(scope):
            # A web page may send a form to 127.0.0.1, but not JSON: no page moves the clock.
            return 415, _error("UnsupportedMediaType", "send application/json")
        try:
            return 200, answer(json.loads(body or b"{}"))
        except (BadRequest, ValueError, FileNotFoundError) as error:
            return 400, _error("BadRequest", str(error))
        except Exception as error:
            described = getattr(error, "response", {}).get("Error", {})
            code = described.get("Code", type(error).__name__)
            return 400 if described else 500, _error(code, described.get("Message", str(error)))

    def _health(self, _body: Body) -> dict[str, Any]:
        return {**self._facts, "now": self._clock.now().isoformat()}

    def _advance(self, body: Body) -> dict[str, str]:
        patience = float(body.get("patience_seconds", 5.0))
        match body:
            case {"advance_seconds": int() | float() as seconds}:
                now = self._clock.advance(timedelta(seconds=seconds), patience=patience)
            case {"to": str() as moment}:
                now = self._clock.advance_to(datetime.fromisoformat(moment), patience=patience)
            case _:
                raise BadRequest(f'give "advance_seconds" or "to", got {sorted(body)}')
        return {"now": now.isoformat()}

    def _register(self, body: Body) -> dict[str, Any]:
        missing = {"repository", "tag", "root", "sources", "entrypoint"} - set(body)
        if missing:
            raise BadRequest(f"an image needs {', '.join(sorted(missing))}")
        lock = body.get("lock")
        image: Image = self._images.register(
            repository=body["repository"],
            tag=body["tag"],
            root=Path(body["root"]),
            sources=[Path(source) for source in body["sources"]],
            entrypoint=body["entrypoint"],
            path=[Path(entry) for entry in body.get("path", ())],
            environment=body.get("environment", {}),
            lock=None if lock is None else Path(lock),
        )
        return image.as_json()

    def _end(self, _body: Body) -> dict[str, bool]:
        self._stop()
        return {"stopping": True}


def _is_json(scope: Scope) -> bool:
    types = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    return any(value.split(b";")[0].strip() == b"application/json" for value in types)


def _error(code: str, message: str) -> dict[str, str]:
    return {"error": code, "message": message}
