"""A sketch says of a window's numbers what counting them one by one says."""

import sys
from math import inf, nan

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.errors import ContractError
from drift.binning import count, quantile_cuts
from drift.sketches.baseline import cuts_of, plan_rows
from drift.sketches.counting import Counting
from drift.sketches.distinct import KEPT, distinct_of
from drift.sketches.features import NumericFeature
from drift.sketches.numeric import NumericSketch
from drift.sketches.refusal import Incomparability, Incomparable

MOST = sys.float_info.max
VALUE = st.one_of(
    st.floats(),
    st.integers(-3, 3).map(float),
    st.sampled_from([nan, inf, -inf, 0.0, -0.0, MOST, -MOST, 5e-324]),
)
CUTS = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.integers(-3, 3).map(float)), max_size=9, unique=True
).map(lambda cuts: tuple(sorted(cuts)))


def sketch_of(
    values: list[float], cuts: tuple[float, ...] = (0.0,), **bounds: float
) -> NumericSketch:
    counting = Counting([NumericFeature(name="f", cuts=cuts, **bounds)])
    counting.add(np.array(values, np.float64).reshape(-1, 1))
    return counting.sketches()[0]


def finite(values: list[float]) -> list[float]:
    return [value for value in values if value - value == 0]


@settings(deadline=None)
@given(st.lists(VALUE, max_size=80), CUTS)
@example([1.0, 1.0, 2.0], (1.0, 2.0))
def test_bins_missing_and_extremes_are_those_of_counting_one_by_one(
    values: list[float], cuts: tuple[float, ...]
) -> None:
    sketch = sketch_of(values, cuts)
    assert (sketch.counts, sketch.missing) == count(values, cuts)
    assert (sketch.below_all, sketch.above_all) == (values.count(-inf), values.count(inf))
    assert sketch.least == min(finite(values), default=None)
    assert sketch.most == max(finite(values), default=None)


@settings(deadline=None)
@given(st.lists(VALUE, max_size=80))
def test_few_distinct_values_are_counted_exactly(values: list[float]) -> None:
    sketch = sketch_of(values)
    assert sketch.distinct.estimate == len(set(finite(values)))
    assert sketch.distinct == distinct_of(finite(values))


@settings(deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300))
def test_moments_are_numpys(values: list[float]) -> None:
    moments = sketch_of(values).moments
    array = np.array(values)
    scale = float(abs(array).max()) or 1.0
    assert moments.count == len(values)
    assert moments.mean == pytest.approx(array.mean(), rel=1e-12, abs=1e-12 * scale)
    assert moments.variance == pytest.approx(array.var(), rel=1e-9, abs=1e-13 * scale**2)


@pytest.mark.parametrize("centre", [0.0, 1e9, -1e15])
def test_a_spread_that_is_tiny_beside_the_mean_keeps_its_digits(centre: float) -> None:
    steps = np.random.default_rng(3).integers(0, 8, 50_000)
    moments = sketch_of((centre + steps).tolist()).moments
    assert moments.variance == pytest.approx(steps.var(), rel=1e-6)


def test_a_jump_within_a_window_keeps_the_digits_of_both_sides() -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(0, 1, 300_000), rng.normal(1e9, 1, 300_000)])
    sketch = sketch_of(values.tolist())
    assert sketch.moments.variance == pytest.approx(values.var(), rel=1e-12)
    assert sketch.moments.mean == pytest.approx(values.mean(), rel=1e-12)


@settings(deadline=None)
@given(st.lists(VALUE, max_size=40))
@example([MOST, -MOST, 1e200])
@example([-MOST] * 3)
def test_whatever_the_values_every_figure_is_finite(values: list[float]) -> None:
    sketch = sketch_of(values)
    merged = sketch.merge(sketch_of([1.0, -MOST])).merge(sketch)
    for moments in (sketch.moments, merged.moments):
        assert np.isfinite([moments.mean, moments.m2, moments.variance]).all()
        assert moments.m2 >= 0


def test_a_constant_column_has_no_spread_and_one_value() -> None:
    sketch = sketch_of([0.1] * 200_000)
    assert sketch.moments.mean == pytest.approx(0.1, rel=1e-15)
    assert sketch.moments.m2 == pytest.approx(0, abs=1e-20)
    assert sketch.distinct.estimate == 1


def test_values_outside_the_cards_bounds_are_counted_and_missing_ones_are_not() -> None:
    sketch = sketch_of([-1, 0, 5, 10, 11, inf, -inf, nan], minimum=0, maximum=10)
    assert sketch.out_of_range == 4
    assert sketch_of([-inf, inf, 11], maximum=10).out_of_range == 2
    assert sketch_of([-inf, inf]).out_of_range == 0


@pytest.mark.parametrize(
    "values",
    [
        np.arange(100_000.0),
        np.arange(100_000) / 100,
        1e6 + np.arange(100_000.0),
        np.random.default_rng(1).normal(size=100_000),
        np.random.default_rng(1).normal(size=100_000).astype(np.float32).astype(float),
        np.random.default_rng(2).lognormal(0, 5, 100_000),
        np.arange(100_000.0) * 1024,
        1.7e9 + 60 * np.arange(100_000.0),
        np.random.default_rng(5).permutation(100_000).astype(float) - 50_000,
    ],
    ids=["integers", "cents", "ids", "normal", "float32", "lognormal", "kib", "time", "signed"],
)
def test_many_distinct_values_are_estimated_within_five_standard_errors(
    values: np.ndarray,
) -> None:
    estimate = sketch_of([*values.tolist(), *values[:5000].tolist()]).distinct.estimate
    assert estimate == pytest.approx(100_000, rel=5 / (KEPT - 2) ** 0.5)


def test_a_value_that_fills_half_of_a_column_is_one_of_its_distinct_values() -> None:
    rng = np.random.default_rng(6)
    values = np.where(rng.random(200_000) < 0.5, 7.0, rng.normal(size=200_000))
    assert sketch_of(values.tolist()).distinct.estimate == pytest.approx(100_000, rel=0.25)
    few = np.where(rng.random(200_000) < 0.5, -0.0, rng.integers(0, 200, 200_000))
    assert sketch_of(few.tolist()).distinct.estimate == 200


@pytest.mark.parametrize("rows", [0, 1, 31, 32, 33, 6528, 6529, 50_000])
@pytest.mark.parametrize("width", [1, 3, 20, 700])
def test_every_row_is_counted_once_however_many_there_are(rows: int, width: int) -> None:
    if rows * width > 2_000_000:
        pytest.skip("rows that no other case adds anything to")
    rng = np.random.default_rng(rows + width)
    matrix = rng.normal(size=(rows, width))
    matrix[rng.random(matrix.shape) < 0.1] = nan
    features = [NumericFeature(name=f"f{at}", cuts=(-1.0, at / 9)[: at % 3]) for at in range(width)]
    counting = Counting(features)
    counting.add(matrix)
    for at in {0, width // 2, width - 1}:
        sketch = counting.sketches()[at]
        expected = count(matrix[:, at].tolist(), features[at].cuts)
        assert (sketch.counts, sketch.missing) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUE, max_size=60), st.integers(2, 12))
def test_cuts_are_those_of_the_plain_quantiles(values: list[float], bins: int) -> None:
    assert cuts_of(np.array(values, np.float64), bins) == quantile_cuts(values, bins)


def test_fewer_than_two_bins_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="bins must be at least 2, got 1"):
        plan_rows(["f"], np.zeros((3, 1)), bins=1)


@pytest.mark.parametrize("cuts", [(1.0, 1.0), (2.0, 1.0), (nan,), (inf,)])
def test_cuts_that_no_bins_lie_between_are_refused(cuts: tuple[float, ...]) -> None:
    with pytest.raises(ContractError, match="'f' needs finite cuts in ascending order"):
        NumericFeature(name="f", cuts=cuts)


def test_other_bins_and_other_names_are_refused_with_their_reason() -> None:
    sketch = sketch_of([1.0])
    with pytest.raises(Incomparable, match=r"other bins: 2 bins at \[0\]") as refused:
        sketch.merge(sketch_of([1.0], (0.0, 1.0)))
    assert refused.value.why is Incomparability.OTHER_BINS
    with pytest.raises(Incomparable, match="'f' is not 'g'") as refused:
        sketch.merge(_named("g"))
    assert refused.value.why is Incomparability.OTHER_FEATURES


def _named(name: str) -> NumericSketch:
    counting = Counting([NumericFeature(name=name, cuts=(0.0,))])
    return counting.sketches()[0]
