"""Bins in single precision hold what rounding to it and counting one by one says."""

from dataclasses import replace
from math import inf, nan, nextafter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.errors import ContractError
from drift.binning import count
from drift.sketches.baseline import plan_rows, sketch_baseline
from drift.sketches.features import NumericFeature
from drift.sketches.refusal import Incomparability, Incomparable
from drift.sketches.rows import sketch_rows
from drift.sketches.single import least_reaching

SINGLE = st.one_of(st.floats(-(2.0**120), 2.0**120, width=32), st.integers(-3, 3).map(float))
NEAR = st.builds(
    lambda value, steps, share: nextafter(value, inf * steps) * (1 + share * 2**-25),
    SINGLE,
    st.sampled_from([-1, 1]),
    st.integers(-3, 3),
)
VALUES = st.lists(st.one_of(SINGLE, NEAR, st.floats(), st.just(nan)), max_size=60)
CUTS = st.lists(SINGLE, min_size=1, max_size=6, unique=True).map(lambda cuts: tuple(sorted(cuts)))


@settings(deadline=None, max_examples=300)
@given(VALUES, CUTS)
@example([5.0, nextafter(5.0, 0), 4.999999, 1e300, -1e300, inf], (5.0,))
@example([0.0, -0.0, -1e-46, -7e-46, -8e-46], (0.0,))
def test_values_are_rounded_before_they_are_compared(
    values: list[float], cuts: tuple[float, ...]
) -> None:
    feature = NumericFeature(name="f", cuts=cuts, single=True)
    exact = NumericFeature(name="g", cuts=(*cuts[:-1], nextafter(cuts[-1], inf)))
    column = np.array(values, np.float64)
    with np.errstate(over="ignore"):
        rounded = column.astype(np.float32).astype(float).tolist()
    # Beside a column in double precision a cut is met by other arithmetic: with the same result.
    for plan in ((feature,), (feature, exact)):
        sketch = sketch_rows(plan, np.stack([column] * len(plan), axis=1)).features[0]
        assert (sketch.counts, sketch.missing) == count(rounded, cuts)
    both = sketch_rows((feature, exact), np.stack([column, column], axis=1)).features[1]
    assert (both.counts, both.missing) == count(values, exact.cuts)


@settings(deadline=None)
@given(SINGLE)
def test_the_least_number_that_reaches_a_cut_does_and_the_next_lower_does_not(cut: float) -> None:
    (least,) = least_reaching(np.array([cut]))
    assert np.float32(least) >= np.float32(cut)
    assert np.float32(nextafter(least, -inf)) < np.float32(cut)


def test_what_training_saw_decides_whether_single_precision_will_do() -> None:
    rng = np.random.default_rng(0)
    columns = {
        "normal": rng.normal(size=10_000),
        "counts": rng.poisson(3, 10_000).astype(float),
        "constant": np.full(10_000, 7.0),
        "identifiers": 1e15 + np.arange(10_000.0),
        "beyond": 1e200 * rng.normal(size=10_000),
        "missing": np.full(10_000, nan),
    }
    plan = plan_rows(list(columns), np.stack(list(columns.values()), axis=1), bins=10)
    chosen = {feature.name: feature.single for feature in plan}
    assert chosen == {
        "normal": True,
        "counts": True,
        "constant": False,
        "identifiers": False,
        "beyond": False,
        "missing": True,
    }


def test_bins_in_single_and_in_double_precision_are_not_merged() -> None:
    sketch = sketch_baseline(["f"], np.arange(9.0).reshape(-1, 1), bins=3)
    (feature,) = sketch.plan
    other = sketch_rows((replace(feature, single=False),), np.zeros((1, 1)))
    with pytest.raises(Incomparable, match=r"other bins: .*, single precision and 3 bins") as said:
        sketch.merge(other)
    assert said.value.why is Incomparability.OTHER_BINS


@pytest.mark.parametrize("cut", [0.1, 1e300, -3.4028234663852886e38])
def test_a_cut_that_single_precision_does_not_hold_is_refused(cut: float) -> None:
    with pytest.raises(ContractError, match="'f' needs cuts that single precision holds"):
        NumericFeature(name="f", cuts=(cut,), single=True)
