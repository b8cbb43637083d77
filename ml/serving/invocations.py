"""``POST /invocations``: a request is read, scored and answered, and what it cost is counted."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sized
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, perf_counter

from ml.serving.bodies import Disconnected, read_body
from ml.serving.capture import Capture
from ml.serving.connection import REFUSED
from ml.serving.exchange import Exchange
from ml.serving.figures import IN_FLIGHT, RUNS, Figures
from ml.serving.gathering import Gathering, Rows
from ml.serving.limits import MAX_BYTES, BadRequest
from ml.serving.replies import Headers, Receive, Scope, Send, reply, reply_error
from ml.serving.request import waits
from ml.serving.served import Answered, Served

INLINE_BYTES = 32 * 1024
"""Larger requests are worked on beside the event loop, one at a time, so that small ones need not
wait for them."""
ANSWER_SECONDS = 60.0
"""InvokeEndpoint waits no longer.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""
_GONE = 499
"""What nginx writes for a caller that did not wait."""


class Invocations:
    def __init__(
        self,
        served: Served,
        figures: Figures,
        capture: Capture | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._served = served
        self._capture = capture
        self._figures = figures
        self._gathering = Gathering(self._scores)
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="large")
        self._answer_seconds = answer_seconds
        self._large_since: float | None = None
        named = f"model_version={served.version}".encode()
        self._headers = Headers((b"x-amzn-sagemaker-custom-attributes", named))
        self.together: Sized = ()
        """The requests being answered; the server sets it."""

    @property
    def stuck(self) -> bool:
        """Whether a large request holds its thread for longer than anybody waits."""
        since = self._large_since
        return since is not None and monotonic() - since > self._answer_seconds

    def drain(self) -> None:
        """Let every answer from now on be the last of its connection."""
        self._headers = self._headers.and_close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        cells = self._figures.cells
        cells[IN_FLIGHT] += 1
        try:
            status = await self._answered(scope, receive, send)
        finally:
            cells[IN_FLIGHT] -= 1
        self._figures.answered(status, perf_counter() - began)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer the request; return the status."""
        try:
            content_type, accept = _asked(scope)
            body = await read_body(receive)
            if len(body) <= INLINE_BYTES and not waits(content_type, accept):
                rows = self._served.read(body, content_type)
                if len(self.together) > 1:
                    scores = await self._gathering.ask(rows)
                else:
                    scores = self._scores(rows)
                content, kind = self._served.written(scores, accept)
            else:
                scores, (content, kind) = await self._large(body, content_type, accept)
        except Disconnected:
            return scope.get(REFUSED, _GONE)
        except Exception as error:
            return await self._failed(scope, send, error)
        self._figures.predicted(scores)
        if self._capture is not None:
            self._capture.add(self._exchange(scope, body, kind, content))
            if self._capture.before_answering:
                await asyncio.to_thread(self._capture.flush)
        await reply(scope, send, 200, content, kind, self._headers)
        return 200

    def _exchange(self, scope: Scope, request: bytes, kind: str, response: bytes) -> Exchange:
        asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
        return Exchange(
            at=monotonic(),
            inference_id=asked.get(b"x-amzn-sagemaker-inference-id"),
            custom_attributes=asked.get(b"x-amzn-sagemaker-custom-attributes"),
            request_type=asked.get(b"content-type", ""),
            request=request,
            response_type=kind,
            response=response,
            version=self._served.version,
        )

    async def _failed(self, scope: Scope, send: Send, error: Exception) -> int:
        match error:
            case BadRequest():
                status, problem = error.status, str(error)
            case TimeoutError():
                status, problem = 503, f"no answer within {self._answer_seconds:g} seconds"
            case _:
                traceback.print_exception(error)
                status, problem = 500, "the server failed; its log says why"
        await reply_error(scope, send, status, problem, self._headers)
        return status

    def _scores(self, rows: Rows) -> list[float]:
        self._figures.cells[RUNS] += 1
        return self._served.scores(rows)

    async def _large(self, body: bytes, content_type: str, accept: str) -> Answered:
        def work() -> Answered:
            self._large_since = monotonic()
            try:
                return self._served.answered(body, content_type, accept)
            finally:
                self._large_since = None

        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._beside, work)
        answer = await asyncio.wait_for(working, self._answer_seconds)
        self._figures.cells[RUNS] += 1
        return answer


def _asked(scope: Scope) -> tuple[str, str]:
    """Return the content type of the request and what its caller accepts."""
    content_type = accept = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = value
        elif name == b"accept":
            accept = value
        elif name == b"content-length" and int(value) > MAX_BYTES:
            raise BadRequest(f"the body must be at most {MAX_BYTES} bytes", 413)
    return content_type.decode("latin-1"), accept.decode("latin-1")
