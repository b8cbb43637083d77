"""Lay rows side by side into lines long enough for numpy, and work on a block of such lines.

A value's bin is the number of cuts at or below it, so the rows at or above each cut are all that a
histogram needs: one vectorized comparison per cut, exact for ties, NaN and infinities, and as fast
for skewed values as for even ones. (Binary search, ``np.searchsorted``, mispredicts a branch per
step; a uniform grid folded into the bins has to resolve the cells that hold a cut one by one, which
is every value of a column of small integers.)
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drift.sketches.cuts import Cuts
from drift.sketches.tracking import DistinctTracker, first_slots, hash_block

Matrix = NDArray[np.float64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LINE = 640
"""Values side by side in a block."""
DEEP = 255
"""Lines in a block: what a sum of flags in one byte can hold."""
BLOCK = 131_072
"""Values in a block: 1 MiB, half of a core's second-level cache."""
_CROWDED = 0.2
"""From this share of a block on it is cheaper to look all values up than to pick some out."""


class Lines:
    """What is done to a block whose lines hold ``beside`` rows each, with its working memory."""

    def __init__(self, cuts: Cuts, beside: int) -> None:
        self._beside, self._width = beside, cuts.columns
        self._cuts = [np.tile(cut, beside) for cut in cuts.rows]
        deep = max(1, min(DEEP, BLOCK // (beside * self._width)))
        shape = (deep, beside * self._width)
        self._flags = np.empty(shape, np.bool_)
        self._floats = np.empty(shape)
        self._singles = np.empty(shape if cuts.have_single else (0, 0), np.float32)
        self._sums = np.empty((len(cuts.rows), shape[1]), np.uint8)
        self._slots = np.tile(first_slots(np.arange(self._width)), beside)

    def fold(self, by: np.ufunc, line: NDArray[Any]) -> NDArray[Any]:
        """Bring the results of one line's places together by column."""
        return by.reduce(line.reshape(self._beside, self._width), axis=0)

    def reached(self, block: Matrix) -> NDArray[np.int64]:
        """Rows at or above each cut, by column; NaN is above nothing."""
        flags, singles = self._flags[: len(block)], self._singles[: len(block)]
        if singles.size:
            with np.errstate(over="ignore", under="ignore"):
                np.copyto(singles, block, casting="unsafe")
        for cut, sums in zip(self._cuts, self._sums, strict=True):
            np.greater_equal(singles if cut.dtype == np.float32 else block, cut, out=flags)
            np.add.reduce(flags.view(np.uint8), axis=0, dtype=np.uint8, out=sums)
        by_place = self._sums.reshape(len(self._cuts), self._beside, self._width)
        return by_place.sum(axis=1, dtype=np.int64)

    def spread(self, block: Matrix, absent: Flags | None, centre: Floats) -> tuple[Floats, Floats]:
        """Sums and sums of squares of the deviations from ``centre``, by column."""
        apart = self._floats[: len(block)]
        np.subtract(block, np.tile(centre, self._beside), out=apart)
        if absent is not None:
            np.copyto(apart, 0.0, where=absent)
        sums = self.fold(np.add, np.add.reduce(apart, axis=0))
        np.multiply(apart, apart, out=apart)
        return sums, self.fold(np.add, np.add.reduce(apart, axis=0))

    @staticmethod
    def lines_of(flags: Flags) -> NDArray[np.uint8]:
        """Flags set at each place of a line, over a block."""
        return np.add.reduce(flags.view(np.uint8), axis=0, dtype=np.uint8)

    def new_values(
        self, block: Matrix, absent: Flags | None, tracker: DistinctTracker
    ) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
        """Columns and hashes of values that may change how many distinct ones there are."""
        hashes = self._floats[: len(block)].view(np.uint64)
        hash_block(block, hashes)
        if absent is not None:
            np.copyto(hashes, np.uint64(0), where=absent)
        flags = self._flags[: len(block)]
        np.greater(hashes, np.tile(tracker.bounds, self._beside), out=flags)
        if np.count_nonzero(flags) > block.size * _CROWDED:
            np.logical_and(flags, tracker.new(hashes, self._slots), out=flags)
        at = np.flatnonzero(flags)
        columns, hashes = at % self._width, hashes.ravel()[at]
        fresh = np.flatnonzero(tracker.new(hashes, first_slots(columns)))
        return columns[fresh], hashes[fresh]
