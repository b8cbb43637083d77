"""How differently two samples fill the same bins, whatever the bins' order."""

from collections.abc import Sequence
from math import log, log2, sqrt

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
    same_bins(expected, observed)
    shares = zip(_smoothed(expected), _smoothed(observed), strict=True)
    return sum((q - p) * log(q / p) for p, q in shares)


def jensen_shannon(expected: Sequence[int], observed: Sequence[int]) -> float:
    """Jensen-Shannon distance in base 2: 0 for equal shares, 1 for samples that share no bin.

    The root of the mean Kullback-Leibler divergence from each sample's shares to their midpoint, as
    ``scipy.spatial.distance.jensenshannon(p, q, base=2)``. A metric. Counted in bins it is at most
    the distance of the values themselves, and equal to it where each bin holds one value or values
    in equal proportion (data processing inequality). Raises ValueError as :func:`psi` does.

    Source: D. Endres, J. Schindelin, "A new metric for probability distributions", IEEE
    Transactions on Information Theory 49 (2003).

    >>> jensen_shannon([1, 0], [0, 7])
    1.0
    >>> round(jensen_shannon([500, 500], [750, 250]), 4)
    0.2209
    """
    same_bins(expected, observed)
    rows = sum(expected), sum(observed)
    divergence = 0.0
    for one, other in zip(expected, observed, strict=True):
        p, q = one / rows[0], other / rows[1]
        middle = (p + q) / 2
        divergence += sum(share * log2(share / middle) for share in (p, q) if share > 0)
    return sqrt(min(1.0, max(0.0, divergence / 2)))


def same_bins(expected: Sequence[int], observed: Sequence[int]) -> None:
    """Refuse samples that cannot be compared bin by bin."""
    if len(expected) != len(observed):
        raise ValueError(
            f"both samples need the same bins, got {len(expected)} and {len(observed)}"
        )
    if sum(expected) < 1 or sum(observed) < 1:
        raise ValueError(f"both samples need rows, got {sum(expected)} and {sum(observed)}")


def _smoothed(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]
