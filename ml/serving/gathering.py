"""Small requests that arrive together are answered by one call of the model.

Nobody waits for company: what one turn of the event loop has read is what is gathered. A call for
one row of 100 trees costs 7 µs, of which 5 are the call itself; gathering eight of them costs
a future each and saves most of that (benchmarks/README.md has what it brings).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.float64]
Score = Callable[[Rows], list[float]]


class Gathering:
    def __init__(self, score: Score) -> None:
        self._score = score
        self._asked: list[tuple[Rows, asyncio.Future[list[float]]]] = []

    def ask(self, rows: Rows) -> asyncio.Future[list[float]]:
        """Return the scores to come of ``rows``."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[float]] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._run)
        self._asked.append((rows, answer))
        return answer

    def _run(self) -> None:
        asked, self._asked = self._asked, []
        if len(asked) == 1:
            self._answer(*asked[0])
            return
        try:
            scores = self._score(np.concatenate([rows for rows, _ in asked]))
        except Exception:  # whoever's rows they are, the others get their answers
            for rows, answer in asked:
                self._answer(rows, answer)
            return
        start = 0
        for rows, answer in asked:
            end = start + len(rows)
            if not answer.done():
                answer.set_result(scores[start:end])
            start = end

    def _answer(self, rows: Rows, answer: asyncio.Future[list[float]]) -> None:
        if answer.done():
            return
        try:
            answer.set_result(self._score(rows))
        except Exception as error:
            answer.set_exception(error)
