"""Mean and spread of many columns at once, over blocks, without losing digits."""

import numpy as np
from numpy.typing import NDArray

from drift.sketches.lines import Flags, Lines, Matrix
from drift.sketches.moments import LARGEST, NOTHING, Moments

_ILL = 1e6
"""The centre moves when deviations' mean is a thousand times their spread: digits would be lost."""
_ROUNDING = 1e-12
"""Deviations this small beside their centre are its rounding: no centre is better."""


class Spread:
    """Sums of deviations from a centre near each column's mean, which moves where it has to."""

    def __init__(self, columns: int) -> None:
        self._settled = [NOTHING] * columns
        self._centre = np.zeros(columns)
        self._counts = np.zeros(columns, np.int64)
        self._sums, self._squares = np.zeros(columns), np.zeros(columns)

    def add(self, lines: Lines, block: Matrix, absent: Flags | None) -> None:
        columns = len(self._settled)
        counts = np.full(columns, block.size // columns)
        if absent is not None:
            counts -= lines.fold(np.add, lines.lines_of(absent).astype(np.int64))
        with np.errstate(over="ignore", invalid="ignore"):
            sums, squares = lines.spread(block, absent, self._centre)
            if self._moved(counts, sums, squares):
                sums, squares = lines.spread(block, absent, self._centre)
            huge = ~np.isfinite(sums + squares)
        if huge.any():
            for column in np.flatnonzero(huge).tolist():
                values = block.reshape(-1, columns)[:, column]
                self._settled[column] = self._settled[column].merge(_huge(values))
            counts = np.where(huge, 0, counts)
            sums, squares = np.where(huge, 0.0, sums), np.where(huge, 0.0, squares)
        self._counts += counts
        self._sums += sums
        self._squares += squares

    def moments(self) -> list[Moments]:
        self._settle(np.arange(len(self._settled)))
        return self._settled

    def _moved(
        self,
        counts: NDArray[np.int64],
        sums: NDArray[np.float64],
        squares: NDArray[np.float64],
    ) -> bool:
        """Put the centre where this block's mean is, for the columns that need it."""
        means = sums / np.maximum(counts, 1)
        within = squares - sums * means
        ill = (sums * means > _ILL * within) & (abs(means) > _ROUNDING * abs(self._centre))
        ill &= np.isfinite(means)
        if ill.any():
            self._settle(np.flatnonzero(ill))
            self._centre = np.where(ill, self._centre + means, self._centre)
        return bool(ill.any())

    def _settle(self, columns: NDArray[np.intp]) -> None:
        for column in columns.tolist():
            if count := int(self._counts[column]):
                mean = float(self._sums[column]) / count
                m2 = max(0.0, float(self._squares[column]) - count * mean * mean)
                here = Moments(count=count, mean=float(self._centre[column]) + mean, m2=m2)
                self._settled[column] = self._settled[column].merge(here)
        self._counts[columns] = 0
        self._sums[columns] = self._squares[columns] = 0.0


def _huge(column: NDArray[np.float64]) -> Moments:
    """Moments of values whose squares no float holds."""
    values = column[np.isfinite(column)]
    scale = float(abs(values).max())
    small = values / scale
    mean = float(small.mean())
    root = float(((small - mean) ** 2).sum()) ** 0.5
    m2 = (root * scale) ** 2 if root < LARGEST**0.5 / scale else LARGEST
    return Moments(count=len(values), mean=mean * scale, m2=m2)
