"""How far apart two binned samples are."""

from collections.abc import Sequence
from math import log

SMOOTHING = 0.5
"""Rows added to each bin (Jeffreys' prior): an empty bin is then rare, not impossible."""


def psi(expected: Sequence[int], observed: Sequence[int]) -> float:
    """Population stability index of two samples counted in the same bins.

    ``sum((q - p) * ln(q / p))`` over the bins, with the smoothed shares ``p`` of ``expected`` and
    ``q`` of ``observed``. Symmetric, at least 0, 0 for equal shares of equally large samples, and
    finite for all counts that add up to at least one row on each side. Familiar readings: below
    0.1 stable, above 0.2 shifted; what chance alone explains is in ``drift.thresholds``.

    Raises ValueError for samples that differ in bins or have no rows.

    Source: B. Yurdakul, J. Naranjo, "Statistical properties of the population stability index",
    Journal of Risk Model Validation 14 (2020).

    >>> psi([50, 50], [50, 50])
    0.0
    >>> round(psi([500, 500], [750, 250]), 3)
    0.274
    >>> psi([100, 0], [0, 100]) < 20  # a total shift is large, not infinite
    True
    """
    if len(expected) != len(observed):
        raise ValueError(
            f"both samples need the same bins, got {len(expected)} and {len(observed)}"
        )
    if sum(expected) < 1 or sum(observed) < 1:
        raise ValueError(f"both samples need rows, got {sum(expected)} and {sum(observed)}")
    shares = zip(_shares(expected), _shares(observed), strict=True)
    return sum((q - p) * log(q / p) for p, q in shares)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]
