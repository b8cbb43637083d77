"""Count a row-major matrix of numbers into sketches, block by block while a block is in cache."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from drift.sketches.cuts import Cuts
from drift.sketches.features import NumericFeature
from drift.sketches.lines import BLOCK, DEEP, LINE, Flags, Floats, Lines, Matrix
from drift.sketches.moments import Moments
from drift.sketches.numeric import NumericSketch
from drift.sketches.spread import Spread
from drift.sketches.tracking import DistinctTracker


class Counting:
    """Running sketches of numeric columns; ``add`` rows, then ask for the ``sketches``.

    >>> import numpy as np
    >>> counting = Counting([NumericFeature(name="spend", cuts=(2.0,))])
    >>> counting.add(np.array([[1.0], [3.0], [np.nan]]))
    >>> sketch = counting.sketches()[0]
    >>> sketch.counts, sketch.missing, sketch.moments.mean
    ((1, 1), 1, 2.0)
    """

    def __init__(self, features: Sequence[NumericFeature]) -> None:
        width = len(features)
        self._features = tuple(features)
        self._cuts = Cuts(features)
        self._low = np.array([_or(feature.minimum, -np.inf) for feature in features])
        self._high = np.array([_or(feature.maximum, np.inf) for feature in features])
        self._reached = np.zeros((len(self._cuts.rows), width), np.int64)
        self._rows = 0
        self._missing = np.zeros(width, np.int64)
        self._infinite = np.zeros((2, width), np.int64)
        self._outside = np.zeros(width, np.int64)
        self._spread = Spread(width)
        self._least, self._most = np.full(width, np.inf), np.full(width, -np.inf)
        self._distinct = DistinctTracker(width)
        self._lines: dict[int, Lines] = {}

    def add(self, matrix: Matrix) -> None:
        """Count rows of float64, one column per feature, in C order."""
        width = len(self._features)
        if not width:
            self._rows += len(matrix)
            return
        beside = max(1, LINE // width)
        deep = rows_at_once(width) // beside
        start = 0
        while len(matrix) - start >= beside:
            # Few at first: until each column's largest hashes are about known, all values matter.
            lines = min(deep, (len(matrix) - start) // beside, 8 + 4 * self._rows // beside)
            self._count(matrix[start : start + lines * beside], beside)
            start += lines * beside
        if start < len(matrix):
            self._count(matrix[start:], len(matrix) - start)

    def sketches(self) -> tuple[NumericSketch, ...]:
        moments = self._spread.moments()
        return tuple(self._sketch(column, own) for column, own in enumerate(moments))

    def _count(self, rows: Matrix, beside: int) -> None:
        lines = self._lines.get(beside)
        if lines is None:
            # Short rests come in any width: only the full one is worth keeping.
            lines = Lines(self._cuts, beside)
            if beside == max(1, LINE // len(self._features)):
                self._lines[beside] = lines
        block = rows.reshape(-1, beside * len(self._features))
        self._rows += len(rows)
        self._reached += lines.reached(block)
        least = lines.fold(np.minimum, np.minimum.reduce(block, axis=0))
        most = lines.fold(np.maximum, np.maximum.reduce(block, axis=0))
        absent = None
        if not (np.isfinite(least).all() and np.isfinite(most).all()):
            absent, least, most = self._unusual(lines, rows, block)
        np.minimum(self._least, least, out=self._least)
        np.maximum(self._most, most, out=self._most)
        for column in np.flatnonzero((least < self._low) | (most > self._high)).tolist():
            values = rows[:, column]
            outside = (values < self._low[column]) | (values > self._high[column])
            self._outside[column] += int((outside & np.isfinite(values)).sum())
        self._spread.add(lines, block, absent)
        for column in np.flatnonzero((least <= 0) & (most >= 0)).tolist():
            if self._distinct.counts_zeros(column) and not rows[:, column].all():
                self._distinct.saw_zero(column)
        self._distinct.offer(*lines.new_values(block, absent, self._distinct))

    def _unusual(self, lines: Lines, rows: Matrix, block: Matrix) -> tuple[Flags, Floats, Floats]:
        """Count what is missing or infinite; where it is, and the extremes of everything else."""
        absent = np.not_equal(block, block)
        self._missing += lines.fold(np.add, lines.lines_of(absent).astype(np.int64))
        least = lines.fold(np.fmin, np.fmin.reduce(block, axis=0))
        most = lines.fold(np.fmax, np.fmax.reduce(block, axis=0))
        if np.isinf(least).any() or np.isinf(most).any():
            below, above = (rows == -np.inf).sum(axis=0), (rows == np.inf).sum(axis=0)
            self._infinite += np.stack([below, above])
            self._outside += np.where(self._low > -np.inf, below, 0)
            self._outside += np.where(self._high < np.inf, above, 0)
            absent = ~np.isfinite(block)
            least = lines.fold(np.minimum, np.where(absent, np.inf, block).min(axis=0))
            most = lines.fold(np.maximum, np.where(absent, -np.inf, block).max(axis=0))
        # A column without any value: what np.fmin returns for it is NaN.
        empty = np.isnan(least)
        return absent, np.where(empty, np.inf, least), np.where(empty, -np.inf, most)

    def _sketch(self, column: int, moments: Moments) -> NumericSketch:
        feature = self._features[column]
        missing = int(self._missing[column])
        reached = self._reached[: len(feature.cuts), column].tolist()
        edges = [self._rows - missing, *reached, 0]
        return NumericSketch(
            feature=feature,
            counts=tuple(a - b for a, b in pairwise(edges)),
            missing=missing,
            below_all=int(self._infinite[0, column]),
            above_all=int(self._infinite[1, column]),
            out_of_range=int(self._outside[column]),
            moments=moments,
            least=float(self._least[column]) if moments.count else None,
            most=float(self._most[column]) if moments.count else None,
            distinct=self._distinct.distinct(column),
        )


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


def rows_at_once(columns: int) -> int:
    """Rows of a block: whole lines, as many as fit."""
    beside = max(1, LINE // max(1, columns))
    return beside * min(DEEP, max(1, BLOCK // (beside * max(1, columns))))
