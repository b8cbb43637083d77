"""Cut a feature's training values into bins, then count any other values in the same bins.

Bins follow the training data's quantiles, so that each holds about as many rows. A value that many
rows share (zero, a popular price) gets a bin of its own instead of swallowing its neighbours, and
a constant feature gets a bin on each side, so that leaving the constant is seen.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import inf, isfinite, isnan, nextafter

from contracts.baseline import FeatureBaseline

Value = float | None


def known(values: Iterable[Value]) -> list[float]:
    """Keep what is a number; None and NaN are missing, infinities are (extreme) numbers."""
    return [value for value in values if value is not None and not isnan(value)]


def quantile_cuts(values: Iterable[Value], bins: int) -> tuple[float, ...]:
    """Return at most ``bins - 1`` ascending inner boundaries at the quantiles of ``values``.

    A value ``v`` belongs to the bin numbered by how many cuts are ``<= v``. No values at all give
    no cuts (one bin); a constant gives two cuts around it. Cuts are finite: infinities among the
    values move the quantiles no further than the outermost bins.

    >>> quantile_cuts([1, 2, 3, 4, 5, 6, 7, 8], bins=4)
    (3.0, 5.0, 7.0)
    >>> quantile_cuts([0, 0, 0, 0, 0, 0, 5, 9], bins=4)  # the many zeros stand alone
    (5.0,)
    >>> quantile_cuts([7, 7, 7], bins=4)
    (7.0, 7.000000000000001)
    >>> quantile_cuts([None, float("nan")], bins=4)
    ()
    """
    if bins < 2:
        raise ValueError(f"bins must be at least 2, got {bins}")
    ordered = sorted(float(value) for value in known(values) if isfinite(value))
    if not ordered:
        return ()
    if ordered[0] == ordered[-1]:
        return tuple(cut for cut in (ordered[0], nextafter(ordered[0], inf)) if cut < inf)
    cuts = {
        cut
        for step in range(1, bins)
        if (cut := _cut_at(ordered, len(ordered) * step // bins)) is not None
    }
    return tuple(sorted(cuts)) or (_after(ordered, ordered[0]),)


def _cut_at(ordered: Sequence[float], position: int) -> float | None:
    """Cut before the value at ``position``, or behind it when the value fills the bin below."""
    value = ordered[position]
    start, end = bisect_left(ordered, value), bisect_right(ordered, value)
    if position - start <= end - position and start > 0:
        return value
    return ordered[end] if end < len(ordered) else (value if start > 0 else None)


def _after(ordered: Sequence[float], value: float) -> float:
    return ordered[bisect_right(ordered, value)]


def count(values: Iterable[Value], cuts: Sequence[float]) -> tuple[tuple[int, ...], int]:
    """Return the rows per bin and the number of missing values.

    >>> count([1, 3, 4, 100, None, float("-inf")], cuts=(3.0, 5.0))
    ((2, 2, 1), 1)
    """
    counts, missing = [0] * (len(cuts) + 1), 0
    for value in values:
        if value is None or isnan(value):
            missing += 1
        else:
            counts[bisect_right(cuts, value)] += 1
    return tuple(counts), missing


def baseline_of(name: str, values: Sequence[Value], bins: int) -> FeatureBaseline:
    """Describe how ``values`` are distributed, for later windows to be compared with.

    >>> baseline_of("spend", [1.0, 2.0, 3.0, None], bins=3)
    FeatureBaseline(name='spend', cuts=(2.0, 3.0), counts=(1, 1, 1), missing=1)
    """
    cuts = quantile_cuts(values, bins)
    counts, missing = count(values, cuts)
    return FeatureBaseline(name=name, cuts=cuts, counts=counts, missing=missing)
