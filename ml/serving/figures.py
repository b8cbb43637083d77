"""What a worker counts while it answers, each number with its place on the board."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np

from ml.serving.board import Board

# Plain numbers and no enumeration: a request writes eight of them.
BEAT: Final = 0
"""When the worker was last known to work, by the machine's monotonic clock; 0: not yet."""
READY: Final = 1
REPLACED: Final = 2
"""How often the worker of this row was replaced; written by the supervisor."""
IN_FLIGHT: Final = 3
ROWS: Final = 4
RUNS: Final = 5
"""Calls of the model: fewer than requests where requests were gathered."""
SECONDS: Final = 6
SCORES: Final = 7
"""The sum of all scores."""
CAPTURED: Final = 8
"""Answers that the server itself captured (ml/serving/capture.py)."""
CAPTURE_DROPPED: Final = 9
CAPTURE_FAILURES: Final = 10
OPEN: Final = 11
"""Connections."""
STATUSES: Final = 12
STATUS_CODES: Final = range(100, 600)
LATENCIES: Final = STATUSES + len(STATUS_CODES)
LATENCY_BOUNDS: Final = (
    *(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 30.0),
)
PREDICTIONS: Final = LATENCIES + len(LATENCY_BOUNDS) + 1
MAX_BOUNDS: Final = 20
WIDTH: Final = PREDICTIONS + MAX_BOUNDS + 1

_MANY = 50
"""From so many scores on numpy counts them faster than a loop."""


def new_board(workers: int) -> Board:
    return Board(workers, WIDTH)


def prediction_bounds(known: Sequence[float], *, chances: bool) -> tuple[float, ...]:
    """Return where a histogram of answers is cut: chances in tenths, others as ``known`` ones."""
    if chances:
        return tuple(tenth / 10 for tenth in range(1, 11))
    cuts = np.quantile(np.array(known), np.linspace(0, 1, 11))
    return tuple(sorted({float(f"{cut:.4g}") for cut in cuts}))


def _cell(place: int) -> property:
    def read(self: CaptureCells) -> int:
        return int(self.cells[place])

    def write(self: CaptureCells, value: int) -> None:
        self.cells[place] = value

    return property(read, write)


class CaptureCells:
    """What a worker's capture counts, on the board."""

    __slots__ = ("cells",)

    def __init__(self, cells: memoryview[float]) -> None:
        self.cells = cells

    captured = _cell(CAPTURED)
    dropped = _cell(CAPTURE_DROPPED)
    failures = _cell(CAPTURE_FAILURES)


class Figures:
    """The figures of one worker."""

    __slots__ = ("_bounds", "cells")

    def __init__(self, cells: memoryview[float], bounds: Sequence[float]) -> None:
        self.cells = cells
        self._bounds = list(bounds)

    def answered(self, status: int, seconds: float) -> None:
        cells = self.cells
        cells[STATUSES + status - 100] += 1
        cells[LATENCIES + bisect_left(LATENCY_BOUNDS, seconds)] += 1
        cells[SECONDS] += seconds

    def predicted(self, scores: Sequence[float]) -> None:
        cells, bounds = self.cells, self._bounds
        cells[ROWS] += len(scores)
        if len(scores) < _MANY:
            for score in scores:
                cells[PREDICTIONS + bisect_left(bounds, score)] += 1
                cells[SCORES] += score
            return
        for place, count in enumerate(np.bincount(np.searchsorted(bounds, scores))):
            cells[PREDICTIONS + place] += int(count)
        cells[SCORES] += sum(scores)
