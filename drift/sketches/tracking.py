"""Follow the distinct values of many columns at once, whole blocks at a time."""

import numpy as np
from numpy.typing import NDArray

from drift.sketches.distinct import KEPT, MULTIPLIER, ZERO_HASH, Distinct

Hashes = NDArray[np.uint64]

_MULTIPLIER = np.uint64(MULTIPLIER)
_SPREAD = np.uint64(0xD1342543DE82EF95)
"""Another odd multiplier: hashes that are kept are all large, their places must not be."""
_MINUS_ZERO = np.uint64(2**63)
_SLOT_BITS = 12
_SHIFT = np.uint64(64 - _SLOT_BITS)
_PATIENCE = 4096
"""New hashes that wait to be sorted in together."""


class DistinctTracker:
    """Keep each column's ``KEPT`` largest hashes.

    Nearly every value is settled by one multiplication and one comparison with the smallest hash
    kept. What passes is looked up among the hashes met before, so that a value that fills a column
    costs a look and no sorting; what is new waits until there is enough to sort.
    """

    def __init__(self, columns: int) -> None:
        self._kept = [np.empty(0, np.uint64)] * columns
        self._met = np.zeros(columns << _SLOT_BITS, np.uint64)
        self._saw_zero = [False] * columns
        self._waiting: list[tuple[NDArray[np.intp], Hashes]] = []
        self._count = 0
        self.bounds = np.zeros(columns, np.uint64)
        """Of each column the smallest hash kept, once ``KEPT`` are: only larger ones matter."""

    def counts_zeros(self, column: int) -> bool:
        """Whether it would still matter that 0.0 is among the column's values."""
        return not self._saw_zero[column] and not self.bounds[column]

    def saw_zero(self, column: int) -> None:
        self._saw_zero[column] = True
        self._insert(column, np.array([ZERO_HASH], np.uint64))

    def new(self, hashes: Hashes, first_slots: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which hashes were not met before; ``first_slots`` is where their columns' slots begin."""
        return np.take(self._met, _slots(hashes, first_slots)) != hashes

    def offer(self, columns: NDArray[np.intp], hashes: Hashes) -> None:
        """Take hashes that are above their column's bound and were not met before."""
        if not hashes.size:
            return
        self._met[_slots(hashes, first_slots(columns))] = hashes
        self._waiting.append((columns, hashes))
        self._count += hashes.size
        if self._count >= _PATIENCE:
            self._sort_in()

    def distinct(self, column: int) -> Distinct:
        self._sort_in()
        return Distinct(hashes=tuple(self._kept[column][::-1].tolist()))

    def _sort_in(self) -> None:
        if not self._waiting:
            return
        columns = np.concatenate([columns for columns, _ in self._waiting])
        hashes = np.concatenate([hashes for _, hashes in self._waiting])
        self._waiting, self._count = [], 0
        order = np.argsort(columns, kind="stable")
        columns, hashes = columns[order], hashes[order]
        ends = np.searchsorted(columns, np.arange(len(self._kept)), "right").tolist()
        for column, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            if end > start:
                own = hashes[start:end]
                self._insert(column, own[own != _MINUS_ZERO])

    def _insert(self, column: int, hashes: Hashes) -> None:
        kept = np.concatenate([self._kept[column], hashes])
        kept.sort()
        new = np.ones(len(kept), np.bool_)
        np.not_equal(kept[1:], kept[:-1], out=new[1:])
        kept = kept[new][-KEPT:]
        self._kept[column] = kept
        if len(kept) == KEPT:
            self.bounds[column] = kept[0]


def hash_block(block: NDArray[np.float64], out: Hashes) -> None:
    """Hash every value; 0.0 becomes 0, which is above no bound, -0.0 a hash that is skipped."""
    np.multiply(block.view(np.uint64), _MULTIPLIER, out=out)


def first_slots(columns: NDArray[np.intp]) -> NDArray[np.uint64]:
    return (columns << _SLOT_BITS).astype(np.uint64)


def _slots(hashes: Hashes, first: NDArray[np.uint64]) -> NDArray[np.intp]:
    places = hashes * _SPREAD
    np.right_shift(places, _SHIFT, out=places)
    np.add(places, first, out=places)
    return places.view(np.intp)
