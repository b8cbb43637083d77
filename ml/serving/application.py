"""The HTTP face of one model: ``/ping``, ``/invocations`` and ``/metrics``, as plain ASGI.

A framework's routing and request objects would take a third of the time of a small request.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

import asyncio
import os

from ml.serving.board import Board
from ml.serving.capture import Capture
from ml.serving.exposition import exposed
from ml.serving.express import Express
from ml.serving.figures import Figures, new_board
from ml.serving.invocations import Invocations
from ml.serving.predictor import Predictor
from ml.serving.replies import NONE, Headers, Receive, Scope, Send, reply, reply_error
from ml.serving.served import Served

_METHODS = {"/invocations": ("POST",), "/ping": ("GET", "HEAD"), "/metrics": ("GET", "HEAD")}


class Application:
    """Answers as worker ``worker`` of those who share ``board``."""

    def __init__(
        self, served: Served, board: Board, worker: int = 0, capture: Capture | None = None
    ) -> None:
        self._served = served
        self._board = board
        self.invocations = Invocations(served, Figures(board.row(worker), served.bounds), capture)
        self._draining = False

    @property
    def orphaned(self) -> bool:
        """Whether nobody would replace or end this worker any more."""
        return self._board.supervisor not in (os.getppid(), os.getpid())

    @property
    def express(self) -> Express | None:
        """What answers small requests without coming here (connection.py)."""
        return self.invocations.express

    @property
    def healthy(self) -> bool:
        return not self._draining and not self.invocations.stuck

    def drain(self) -> None:
        """Say no to pings, and let every answer be the last of its connection."""
        self._draining = True
        self.invocations.drain()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path == "/invocations" and method == "POST":
            await self.invocations(scope, receive, send)
            return
        last = NONE.and_close() if self._draining else NONE
        methods = _METHODS.get(path)
        if methods is None:
            paths = ", ".join(_METHODS)
            await reply_error(send, 404, f"the path must be one of {paths}", last)
        elif method not in methods:
            headers = Headers((b"allow", ", ".join(methods).encode()), *last.pairs)
            problem = f"the method must be {' or '.join(methods)}, got {method[:20]}"
            await reply_error(send, 405, problem, headers)
        elif path == "/ping":
            await reply(send, 200 if self.healthy else 503, b"", "text/plain", last)
        else:
            content, kind = await asyncio.to_thread(self._exposed)
            await reply(send, 200, content, kind, last)

    def _exposed(self) -> tuple[bytes, str]:
        return exposed(self._board, self._served.bounds, self._served.labels)


def build(predictor: Predictor, version: str) -> Application:
    """Return an application that answers by itself with ``predictor`` and names ``version``."""
    return Application(Served(predictor, version), new_board(1))
