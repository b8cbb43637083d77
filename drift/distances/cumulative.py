"""How far apart two distribution functions are: known at the bins' cuts, bounded between."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from drift.distances.divergences import same_bins
from drift.sketches.moments import LARGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A distance of binned samples, and where the distance of the values themselves must lie."""

    binned: float
    least: float
    most: float

    @property
    def value(self) -> float:
        """The binned distance, moved to where the raw one can be."""
        return min(max(self.binned, self.least), self.most)


def kolmogorov_smirnov(expected: Sequence[int], observed: Sequence[int]) -> Bounded:
    """Largest difference of the two distribution functions.

    ``binned`` is the largest at a cut: ``scipy.stats.ks_2samp`` of the rows' bin numbers, and what
    the values' own statistic is at least. It is at most the largest difference that one function at
    the end of a bin can have from the other at its start. Raises ValueError for samples that differ
    in bins or have no rows.

    >>> kolmogorov_smirnov([50, 50], [75, 25])
    Bounded(binned=0.25, least=0.25, most=0.75)
    """
    same_bins(expected, observed)
    steps = _steps(expected, observed)
    binned = max(abs(f - g) for _, f, _, g in steps)
    within = max(max(f - g0, g - f0) for f0, f, g0, g in steps)
    return Bounded(binned=binned, least=binned, most=max(binned, within))


def wasserstein(
    expected: Sequence[int],
    observed: Sequence[int],
    edges: Sequence[float],
    *,
    means: tuple[float, float],
) -> Bounded:
    """Earth mover's distance (Wasserstein-1): the mean way that values have to move.

    Parameters
    ----------
    expected, observed
        Finite values per bin.
    edges
        The bins' ends, one more than bins, ascending: the cuts between the least and the most of
        both samples.
    means
        Both samples' means, which are known exactly: values cannot have moved less than these.

    Returns
    -------
    Bounded
        ``binned`` has each value in the middle of its bin, as
        ``scipy.stats.wasserstein_distance(middles, middles, expected, observed)``; it is within
        ``sum(width / 2 * (p + q))`` over the bins of the values' own distance. ``least`` and
        ``most`` are the integral of the least and the largest difference that the distribution
        functions can have in each bin.

    >>> wasserstein([2, 0], [0, 2], [0.0, 1.0, 2.0], means=(0.5, 1.5))
    Bounded(binned=1.0, least=1.0, most=2.0)
    """
    same_bins(expected, observed)
    if len(edges) != len(expected) + 1:
        raise ValueError(f"{len(expected)} bins have {len(expected) + 1} edges, got {len(edges)}")
    steps = _steps(expected, observed)
    widths = [min(end - start, LARGEST) for start, end in pairwise(edges)]
    binned = least = most = 0.0
    for at, (width, (f0, f, g0, g)) in enumerate(zip(widths, steps, strict=True)):
        following = widths[at + 1] if at + 1 < len(widths) else 0.0
        binned += abs(f - g) * (width / 2 + following / 2)
        least += width * max(0.0, f0 - g, g0 - f)
        most += width * max(f - g0, g - f0)
    moved = abs(means[0] - means[1])
    binned, most = min(binned, LARGEST), min(most, LARGEST)
    return Bounded(binned=binned, least=min(max(least, moved), most), most=most)


def _steps(
    expected: Sequence[int], observed: Sequence[int]
) -> list[tuple[float, float, float, float]]:
    """Of each bin both distribution functions where it starts and where it ends: f0, f, g0, g."""
    ends: list[list[float]] = []
    for counts in (expected, observed):
        rows = sum(counts)
        ends.append([0.0, *(reached / rows for reached in accumulate(counts))])
    (f, g) = ends
    return list(zip(f, f[1:], g, g[1:], strict=False))
