"""``POST /invocations``: a request is read, scored and answered, and what it cost is counted."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, perf_counter

from ml.serving.asked import asked_of, exchange_of, is_small
from ml.serving.bodies import Disconnected, read_body
from ml.serving.capture import Capture
from ml.serving.connection import REFUSED
from ml.serving.express import Express
from ml.serving.figures import IN_FLIGHT, RUNS, Figures
from ml.serving.replies import Headers, Receive, Scope, Send, problem_of, reply, reply_error
from ml.serving.served import Answered, Served

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
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="large")
        self._answer_seconds = answer_seconds
        self._large_since: float | None = None
        named = f"model_version={served.version}".encode()
        self._headers = Headers((b"x-amzn-sagemaker-custom-attributes", named))
        self.express = Express(served, figures, self._headers, capture)

    @property
    def stuck(self) -> bool:
        """Whether a large request holds its thread for longer than anybody waits."""
        since = self._large_since
        return since is not None and monotonic() - since > self._answer_seconds

    def drain(self) -> None:
        """Let every answer from now on be the last of its connection."""
        self._headers = self._headers.and_close()
        self.express.drain()

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
            content_type, accept = asked_of(scope)
            body = await read_body(receive)
            if is_small(len(body), content_type, accept):
                scores, (content, kind) = self._served.answered(body, content_type, accept)
            else:
                scores, (content, kind) = await self._large(body, content_type, accept)
        except Disconnected:
            return scope.get(REFUSED, _GONE)
        except Exception as error:
            status, problem = problem_of(error)
            await reply_error(send, status, problem, self._headers)
            return status
        self._figures.cells[RUNS] += 1
        self._figures.predicted(scores)
        if self._capture is not None:
            version = self._served.version
            self._capture.add(exchange_of(scope, body, kind, content, version))
            if self._capture.before_answering:
                await asyncio.to_thread(self._capture.flush)
        await reply(send, 200, content, kind, self._headers)
        return 200

    async def _large(self, body: bytes, content_type: str, accept: str) -> Answered:
        def work() -> Answered:
            self._large_since = monotonic()
            try:
                return self._served.answered(body, content_type, accept)
            finally:
                self._large_since = None

        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._beside, work)
        try:
            return await asyncio.wait_for(working, self._answer_seconds)
        except TimeoutError as late:
            raise TimeoutError(f"it takes more than {self._answer_seconds:g} seconds") from late
