"""Small requests whose body came with their head are answered without a task of their own.

All that one turn of the event loop has read is scored by one call of the model, and each answer is
one write: nobody waits for company, and busy callers share what a call costs. A task for each
request, a call for each row and two writes for each answer would cost half as much again
(benchmarks/README.md). What is large, slow or pipelined takes the way of ASGI (invocations.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ml.serving.asked import asked_of, exchange_of, is_small
from ml.serving.capture import Capture
from ml.serving.figures import IN_FLIGHT, RUNS, Figures
from ml.serving.replies import Headers, error_body, problem_of
from ml.serving.served import Rows, Served
from ml.serving.whole import Cycle, answer_whole

_GONE = 499


@dataclass(slots=True)
class _Asked:
    cycle: Cycle
    body: bytes
    content_type: str
    accept: str
    began: float


class Express:
    def __init__(
        self, served: Served, figures: Figures, headers: Headers, capture: Capture | None
    ) -> None:
        self._served = served
        self._figures = figures
        self._lines = headers.lines
        self._capture = capture
        self._open = capture is None or not capture.before_answering
        self._taken: list[_Asked] = []
        self._draining = False

    def drain(self) -> None:
        """Let every answer from now on be the last of its connection."""
        self._draining = True

    def take(self, cycle: Cycle) -> bool:
        """Take a request that has come whole, or leave it to ASGI."""
        scope = cycle.scope
        if not self._open or scope["path"] != "/invocations" or scope["method"] != "POST":
            return False
        content_type, accept = asked_of(scope)
        if not is_small(len(cycle.body), content_type, accept):
            return False
        if cycle.waiting_for_100_continue or cycle.flow.write_paused:
            return False
        if not self._taken:
            asyncio.get_running_loop().call_soon(self._answer_all)
        body = bytes(cycle.body)
        self._taken.append(_Asked(cycle, body, content_type, accept, perf_counter()))
        self._figures.cells[IN_FLIGHT] += 1
        return True

    def _answer_all(self) -> None:
        taken, self._taken = self._taken, []
        asked, rows = [], []
        for each in taken:
            try:
                rows.append(self._served.read(each.body, each.content_type))
                asked.append(each)
            except Exception as error:  # the caller's fault or ours, it is this request's only
                self._fail(each, error)
        for each, scores in zip(asked, self._scores_of(rows), strict=True):
            try:
                if isinstance(scores, Exception):
                    raise scores
                self._answer(each, scores)
            except Exception as error:
                self._fail(each, error)

    def _scores_of(self, rows: Sequence[Rows]) -> Sequence[list[float] | Exception]:
        """Return the scores of each request's rows, or why there are none."""
        if len(rows) < 2:
            return [self._scores(each) for each in rows]
        scores = self._scores(np.concatenate(rows))
        if isinstance(scores, Exception):
            # Whoever's rows they are, the others get their answers.
            return [self._scores(each) for each in rows]
        ends = np.cumsum([len(each) for each in rows]).tolist()
        return [scores[end - len(each) : end] for each, end in zip(rows, ends, strict=True)]

    def _scores(self, rows: Rows) -> list[float] | Exception:
        self._figures.cells[RUNS] += 1
        try:
            return self._served.scores(rows)
        except Exception as error:
            return error

    def _answer(self, each: _Asked, scores: list[float]) -> None:
        content, kind = self._served.written(scores, each.accept)
        self._figures.predicted(scores)
        if self._capture is not None:
            scope, version = each.cycle.scope, self._served.version
            self._capture.add(exchange_of(scope, each.body, kind, content, version))
        self._send(each, 200, content, kind)

    def _fail(self, each: _Asked, error: Exception) -> None:
        status, problem = problem_of(error)
        self._send(each, status, error_body(problem), "application/json")

    def _send(self, each: _Asked, status: int, content: bytes, kind: str) -> None:
        cycle = each.cycle
        if self._draining:
            cycle.keep_alive = False
        lines = b"content-type: %b\r\n%b" % (kind.encode("latin-1"), self._lines)
        status = status if answer_whole(cycle, status, lines, content) else _GONE
        self._figures.cells[IN_FLIGHT] -= 1
        self._figures.answered(status, perf_counter() - each.began)


def express_of(application: Any) -> Express | None:
    """Return the express way of an application that has one."""
    found = getattr(application, "express", None)
    return found if isinstance(found, Express) else None
