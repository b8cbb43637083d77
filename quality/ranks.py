"""AUC from counts of scores, by class and group: exact while they are few, bounded when many."""

from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from quality.estimates import Estimate, Floats, error_of
from quality.units import GROUPS, Groups, by_group

CAPACITY = 1 << 18
"""Different (score, group, class) that are kept: 4 MB."""
FULL = 52
"""Bits of a double's fraction: nothing is cut off."""

Words: TypeAlias = NDArray[np.uint64]
_SIGN = np.uint64(1 << 63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """How many rows have which score, group of units and class.

    When more than ``capacity`` of them differ, scores are cut to as many leading bits as make them
    fit: neighbours become ties, which count half, so that AUC moves by at most ``Ranks.blur``. As
    cutting twice is cutting once to the fewer bits, parts merge to the same in any order.
    """

    keys: Words
    """Scores as words in the same order."""
    marks: NDArray[np.uint16]
    """Twice the group, plus 1 of a positive."""
    counts: NDArray[np.int64]
    bits: int = FULL
    capacity: int = CAPACITY

    @classmethod
    def of(
        cls, labels: Floats, scores: Floats, groups: Groups, *, capacity: int = CAPACITY
    ) -> "Ranks":
        marks = (2 * groups + (labels == 1)).astype(np.uint16)
        counts = np.ones(len(labels), dtype=np.int64)
        return _fit(cls(keys=_words(scores), marks=marks, counts=counts, capacity=capacity))

    def __add__(self, other: "Ranks") -> "Ranks":
        bits = min(self.bits, other.bits)
        return _fit(
            Ranks(
                keys=_cut(np.concatenate([self.keys, other.keys]), bits),
                marks=np.concatenate([self.marks, other.marks]),
                counts=np.concatenate([self.counts, other.counts]),
                bits=bits,
                capacity=min(self.capacity, other.capacity),
            )
        )

    @property
    def classes(self) -> tuple[int, int]:
        """Return the positives and the negatives."""
        ones = int(self.counts[self.marks % 2 == 1].sum())
        return ones, int(self.counts.sum()) - ones

    @property
    def blur(self) -> float:
        """How far cut scores can have moved AUC: half the pairs whose scores are now the same."""
        ones, zeros = self.classes
        if self.bits == FULL or not ones or not zeros:
            return 0.0
        above, below, _ = self._by_score()
        return float(above @ below) / (2.0 * ones * zeros)

    def estimate(self) -> Estimate | None:
        """Return AUC with the error that groups of units give it; None without both classes.

        A positive wins against the share of negatives below it, ties counting half; a group adds
        what its positives and negatives win more than the mean. Source: N. Obuchowski,
        Nonparametric analysis of clustered ROC curve data, Biometrics 53 (1997), whose case of
        single rows is E. DeLong et al., Biometrics 44 (1988).
        """
        ones, zeros = self.classes
        if not ones or not zeros:
            return None
        above, below, place = self._by_score()
        beaten = (np.cumsum(below) - below / 2) / zeros
        beating = (ones - np.cumsum(above) + above / 2) / ones
        value = float(above @ beaten) / ones
        positive, counts = self.marks % 2 == 1, self.counts.astype(np.float64)
        surplus = np.where(
            positive, (beaten[place] - value) / ones, (beating[place] - value) / zeros
        )
        groups = self.marks // 2
        influences = by_group(counts * surplus, groups)
        error, units = error_of(influences, np.bincount(groups, minlength=GROUPS) > 0)
        return Estimate(
            metric="auc",
            value=value,
            error=error,
            rows=ones + zeros,
            weight=1 / (1 / ones + 1 / zeros),
            units=units,
        )

    def _by_score(self) -> tuple[Floats, Floats, NDArray[np.intp]]:
        """Return positives and negatives of each score, and each entry's score's place."""
        scores, place = np.unique(self.keys, return_inverse=True)
        positive = self.marks % 2 == 1
        above = np.bincount(place, weights=self.counts * positive, minlength=len(scores))
        below = np.bincount(place, weights=self.counts * ~positive, minlength=len(scores))
        return above.astype(np.float64), below.astype(np.float64), place


@dataclass(frozen=True, slots=True, kw_only=True)
class Roc:
    """Scores by class alone, which tell AUC, and by group as well, which tell its error.

    Apart, since an error needs far fewer different scores than a figure does.
    """

    scores: Ranks
    grouped: Ranks

    @classmethod
    def of(
        cls, labels: Floats, scores: Floats, groups: Groups, *, capacity: int = CAPACITY
    ) -> Self:
        return cls(
            scores=Ranks.of(labels, scores, np.zeros_like(groups), capacity=capacity // 4),
            grouped=Ranks.of(labels, scores, groups, capacity=capacity),
        )

    def __add__(self, other: "Roc") -> "Roc":
        return Roc(scores=self.scores + other.scores, grouped=self.grouped + other.grouped)

    def estimate(self) -> Estimate | None:
        fine, grouped = self.scores.estimate(), self.grouped.estimate()
        if fine is None or grouped is None:
            return None
        return replace(grouped, value=fine.value)


def _words(scores: Floats) -> Words:
    """Return words that are in the order of the scores; -0 is 0.

    The usual trick of radix sorts: flip the sign of what is positive, all bits of what is not.
    """
    raw = (np.asarray(scores, dtype=np.float64) + 0.0).view(np.uint64)
    return np.where(raw & _SIGN, ~raw, raw | _SIGN)


def _cut(keys: Words, bits: int) -> Words:
    lost = np.uint64(FULL - bits)
    return (keys >> lost) << lost


def _fit(ranks: Ranks) -> "Ranks":
    """Gather equal entries; cut scores bit by bit until what is left fits."""
    keys, marks, counts = _gathered(ranks.keys, ranks.marks, ranks.counts)
    bits = ranks.bits
    while len(keys) > ranks.capacity and bits > 0:
        bits -= 1
        keys, marks, counts = _gathered(_cut(keys, bits), marks, counts)
    return Ranks(keys=keys, marks=marks, counts=counts, bits=bits, capacity=ranks.capacity)


def _gathered(
    keys: Words, marks: NDArray[np.uint16], counts: NDArray[np.int64]
) -> tuple[Words, NDArray[np.uint16], NDArray[np.int64]]:
    if not len(keys):
        return keys, marks, counts
    order = np.lexsort((marks, keys))
    keys, marks, counts = keys[order], marks[order], counts[order]
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = (keys[1:] != keys[:-1]) | (marks[1:] != marks[:-1])
    starts = np.flatnonzero(new)
    return keys[starts], marks[starts], np.add.reduceat(counts, starts)
