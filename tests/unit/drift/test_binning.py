"""Bins hold what training saw, whatever the values are."""

from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.binning import baseline_of, count, quantile_cuts

VALUES = st.lists(st.one_of(st.none(), st.floats(), st.sampled_from([0.0, 1.0])), max_size=200)


@given(VALUES, st.integers(2, 20))
def test_every_value_lies_in_exactly_one_bin(values: list[float | None], bins: int) -> None:
    feature = baseline_of("f", values, bins)
    assert sum(feature.counts) + feature.missing == len(values)
    assert list(feature.cuts) == sorted(set(feature.cuts))
    assert all(isfinite(cut) for cut in feature.cuts)
    assert len(feature.cuts) <= max(2, bins - 1)


def test_distinct_values_fill_the_bins_evenly() -> None:
    assert set(baseline_of("f", [float(v) for v in range(1000)], 10).counts) == {100}


def test_a_value_that_most_rows_share_has_a_bin_of_its_own() -> None:
    values = [0.0] * 700 + [float(v) for v in range(1, 301)]
    feature = baseline_of("gap", values, 10)
    assert count([0.0], feature.cuts)[0][0] == 1
    assert count([1.0], feature.cuts)[0][0] == 0
    assert max(feature.counts[1:]) <= 150


def test_a_constant_is_surrounded_so_that_leaving_it_is_seen() -> None:
    assert baseline_of("f", [7.0] * 9, 10).counts == (0, 9, 0)


def test_infinities_are_extreme_numbers_and_nan_is_missing() -> None:
    assert count([-inf, inf, nan, None], (0.0,)) == ((1, 1), 2)
    assert baseline_of("f", [inf, 1.0, -inf, inf], 4).counts == (1, 1, 2)


def test_values_that_are_all_missing_have_one_empty_bin() -> None:
    feature = baseline_of("f", [None, nan], 4)
    assert (feature.cuts, feature.counts, feature.missing) == ((), (0,), 2)


def test_fewer_than_two_bins_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="bins must be at least 2, got 1"):
        quantile_cuts([1.0], 1)
