"""Each distance is its reference implementation's on the same bins, and bounds the values' own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drift.distances.comparison import edges_of, feature_distances
from drift.distances.cumulative import kolmogorov_smirnov, wasserstein
from drift.distances.divergences import jensen_shannon, psi
from drift.distances.homogeneity import chi_squared
from drift.sketches.baseline import cuts_of
from drift.sketches.counting import Counting
from drift.sketches.features import NumericFeature
from drift.sketches.numeric import NumericSketch

distance = pytest.importorskip("scipy.spatial.distance", reason="scipy is in the ml environment")
stats = pytest.importorskip("scipy.stats", reason="scipy is in the ml environment")

COUNTS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=15
).filter(lambda pairs: all(any(side) for side in zip(*pairs, strict=True)))
SMALL = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12).filter(
    lambda pairs: all(any(side) for side in zip(*pairs, strict=True))
)
Pairs = list[tuple[int, int]]

quick = settings(deadline=None, max_examples=150)


def sides(pairs: Pairs) -> tuple[list[int], list[int]]:
    return [p for p, _ in pairs], [q for _, q in pairs]


@quick
@given(COUNTS)
def test_jensen_shannon_is_scipys(pairs: Pairs) -> None:
    p, q = sides(pairs)
    reference = distance.jensenshannon(p, q, base=2)
    assert jensen_shannon(p, q) ** 2 == pytest.approx(reference**2, abs=1e-12)


@quick
@given(COUNTS)
def test_chi_squared_is_scipys(pairs: Pairs) -> None:
    p, q = sides([pair for pair in pairs if any(pair)])
    reference = stats.chi2_contingency([p, q], correction=False)
    ours = chi_squared(*sides(pairs))
    assert ours.statistic == pytest.approx(reference.statistic, rel=1e-9, abs=1e-9)
    assert ours.freedom == reference.dof
    assert ours.p_value == pytest.approx(reference.pvalue, rel=1e-6, abs=1e-12)


@quick
@given(SMALL)
def test_kolmogorov_smirnov_is_scipys_on_bin_numbers(pairs: Pairs) -> None:
    p, q = sides(pairs)
    bins = np.arange(len(pairs))
    reference = stats.ks_2samp(np.repeat(bins, p), np.repeat(bins, q), method="asymp").statistic
    assert kolmogorov_smirnov(p, q).binned == pytest.approx(reference, abs=1e-12)


@quick
@given(COUNTS, st.lists(st.floats(0, 100), min_size=16, max_size=16), st.floats(-1e3, 1e3))
def test_wasserstein_is_scipys_with_values_in_the_middle_of_their_bins(
    pairs: Pairs, widths: list[float], start: float
) -> None:
    p, q = sides(pairs)
    edges = start + np.cumsum([0.0, *widths[: len(pairs)]])
    middles = (edges[1:] + edges[:-1]) / 2
    reference = stats.wasserstein_distance(middles, middles, p, q)
    ours = wasserstein(p, q, edges.tolist(), means=(0.0, 0.0))
    assert ours.binned == pytest.approx(reference, rel=1e-9, abs=1e-9)


@quick
@given(COUNTS)
def test_psi_is_the_symmetrized_relative_entropy_of_smoothed_shares(pairs: Pairs) -> None:
    p, q = (np.array(side) + 0.5 for side in sides(pairs))
    p, q = p / p.sum(), q / q.sum()
    assert psi(*sides(pairs)) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p), abs=1e-9)


def test_chi_squared_of_a_published_table() -> None:
    """NIST/SEMATECH e-Handbook 7.4.5 asks the same of k proportions; this is scipy's own example.

    https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.chi2_contingency.html
    """
    result = chi_squared([10, 10, 20], [20, 20, 20])
    assert result.statistic == pytest.approx(2.7777777777777777)
    assert result.p_value == pytest.approx(0.24935220877729619)


SHIFTS = {
    "none": lambda rng, n: rng.normal(0, 1, n),
    "moved": lambda rng, n: rng.normal(0.3, 1, n),
    "wider": lambda rng, n: rng.normal(0, 2, n),
    "total": lambda rng, n: rng.normal(50, 1, n),
    "skewed": lambda rng, n: rng.lognormal(0, 2, n),
    "ties": lambda rng, n: np.round(rng.normal(0, 1, n)),
    "constant": lambda rng, n: np.full(n, 0.25),
    "booleans": lambda rng, n: (rng.random(n) < 0.3).astype(float),
    "one": lambda rng, n: np.array([0.7]),
}


def sketches(raw: np.ndarray, other: np.ndarray, bins: int) -> tuple[NumericSketch, NumericSketch]:
    feature = NumericFeature(name="f", cuts=cuts_of(raw, bins))
    made = []
    for values in (raw, other):
        counting = Counting([feature])
        counting.add(values.reshape(-1, 1))
        made.append(counting.sketches()[0])
    return made[0], made[1]


@pytest.mark.parametrize("bins", [2, 10, 50])
@pytest.mark.parametrize("baseline", ["none", "skewed", "ties", "booleans", "constant", "one"])
@pytest.mark.parametrize("window", SHIFTS)
def test_the_values_own_distance_is_within_the_stated_bounds(
    baseline: str, window: str, bins: int
) -> None:
    rng = np.random.default_rng(11)
    raw, other = SHIFTS[baseline](rng, 4000), SHIFTS[window](rng, 1500)
    one, two = sketches(raw, other, bins)
    result = feature_distances(one, two)

    ks, earth = result.kolmogorov_smirnov, result.wasserstein
    assert ks is not None
    assert earth is not None
    method = "exact" if len(raw) == 1 else "asymp"  # only the p-value differs
    statistic = stats.ks_2samp(raw, other, method=method).statistic
    assert ks.least - 1e-12 <= statistic <= ks.most + 1e-12
    way = stats.wasserstein_distance(raw, other)
    slack = 1e-9 * max(1.0, way)
    assert earth.least - slack <= way <= earth.most + slack
    edges = np.array(edges_of(one, two))
    shares = [np.array(sketch.finite_counts) / sketch.known for sketch in (one, two)]
    bound = float((np.diff(edges) / 2 * (shares[0] + shares[1])).sum())
    assert abs(earth.binned - way) <= bound + slack
    assert earth.least <= earth.value <= earth.most

    values, at = np.unique(np.concatenate([raw, other]), return_inverse=True)
    own = [np.bincount(part, minlength=len(values)) for part in (at[: len(raw)], at[len(raw) :])]
    assert result.jensen_shannon <= distance.jensenshannon(*own, base=2) + 1e-9


def test_fine_bins_bring_the_bounds_together() -> None:
    rng = np.random.default_rng(12)
    raw, other = rng.normal(size=20_000), rng.normal(0.2, 1.1, 20_000)
    gaps = []
    for bins in (5, 20, 80):
        result = feature_distances(*sketches(raw, other, bins))
        assert result.kolmogorov_smirnov is not None
        gaps.append(result.kolmogorov_smirnov.most - result.kolmogorov_smirnov.least)
    assert gaps[0] > 2 * gaps[1] > 4 * gaps[2]


def test_values_that_each_have_a_bin_lose_nothing_to_binning() -> None:
    rng = np.random.default_rng(13)
    raw, other = rng.integers(0, 5, 3000).astype(float), rng.integers(0, 4, 900).astype(float)
    result = feature_distances(*sketches(raw, other, 400))
    own = [np.bincount(part.astype(int), minlength=5) for part in (raw, other)]
    assert result.jensen_shannon == pytest.approx(distance.jensenshannon(*own, base=2))
    assert result.kolmogorov_smirnov is not None
    assert result.kolmogorov_smirnov.binned == pytest.approx(stats.ks_2samp(raw, other).statistic)
