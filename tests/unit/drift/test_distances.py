"""The distance is finite, symmetric and zero for the same shares."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.distances import psi

COUNTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@given(COUNTS, st.randoms())
def test_psi_is_finite_symmetric_and_not_negative(counts: list[int], random: object) -> None:
    other = list(reversed(counts))
    distance = psi(counts, other)
    assert math.isfinite(distance)
    assert distance >= 0
    assert distance == pytest.approx(psi(other, counts))


@given(COUNTS)
def test_the_same_counts_are_at_distance_zero(counts: list[int]) -> None:
    assert psi(counts, counts) == 0


def test_a_total_shift_is_far_above_every_threshold() -> None:
    assert 5 < psi([1000, 0], [0, 1000]) < 50


def test_samples_in_different_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="same bins, got 2 and 3"):
        psi([1, 1], [1, 1, 1])


def test_an_empty_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="need rows, got 0 and 2"):
        psi([0, 0], [1, 1])
