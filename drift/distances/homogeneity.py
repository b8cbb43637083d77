"""Whether two samples of counts can be of one population: Pearson's chi-squared."""

from collections.abc import Sequence
from dataclasses import dataclass

from drift.distances.divergences import same_bins
from drift.thresholds import chi2_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    statistic: float
    freedom: int
    """Bins that hold a row, less one."""
    p_value: float
    """Chance of a statistic this large when nothing differs; good where bins expect 5 rows."""


def chi_squared(expected: Sequence[int], observed: Sequence[int]) -> Homogeneity:
    """Test of homogeneity of two samples in the same bins.

    As ``scipy.stats.chi2_contingency([expected, observed], correction=False)`` without the bins
    that are empty on both sides; a single bin cannot differ: statistic 0, p-value 1. Raises
    ValueError for samples that differ in bins or have no rows.

    >>> result = chi_squared([500, 500], [750, 250])
    >>> round(result.statistic, 2), result.freedom
    (133.33, 1)
    """
    same_bins(expected, observed)
    rows = sum(expected), sum(observed)
    pairs = [(a, b) for a, b in zip(expected, observed, strict=True) if a or b]
    # (a/n - b/m)^2 * nm / (a + b) is the sum over both samples of (counted - due)^2 / due.
    statistic = sum(
        (a / rows[0] - b / rows[1]) ** 2 * rows[0] * rows[1] / (a + b) for a, b in pairs
    )
    freedom = len(pairs) - 1
    tail = chi2_tail(statistic, freedom) if freedom else 1.0
    return Homogeneity(statistic=statistic, freedom=freedom, p_value=min(1.0, max(0.0, tail)))
