"""Every distance is finite and a distance, or is refused with a typed reason: never "no drift"."""

from dataclasses import asdict
from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drift.distances.comparison import distances, feature_distances
from drift.distances.cumulative import Bounded, kolmogorov_smirnov, wasserstein
from drift.distances.divergences import jensen_shannon, psi
from drift.distances.homogeneity import chi_squared
from drift.sketches.baseline import sketch_baseline
from drift.sketches.categorical import categories_of, sketch_categories
from drift.sketches.refusal import Incomparability, Incomparable
from drift.sketches.rows import sketch_rows
from drift.sketches.window import WindowSketch

MOST = 1.7976931348623157e308
COLUMN = st.lists(
    st.one_of(
        st.floats(allow_nan=True), st.integers(-2, 3).map(float), st.sampled_from([MOST, -MOST])
    ),
    min_size=1,
    max_size=40,
)


def numbers(found: object) -> list[float]:
    if isinstance(found, dict):
        return [number for value in found.values() for number in numbers(value)]
    return [float(found)] if isinstance(found, int | float) else []


def compared(baseline: list[float], window: list[float], bins: int = 10) -> Any:
    one = sketch_baseline(["f"], np.array(baseline, np.float64).reshape(-1, 1), bins=bins)
    two = sketch_rows(one.plan, np.array(window, np.float64).reshape(-1, 1))
    (result,) = distances(one, two)
    return result


@settings(deadline=None)
@given(COLUMN, COLUMN)
def test_whatever_the_values_every_distance_is_finite_and_not_negative(
    baseline: list[float], window: list[float]
) -> None:
    found = numbers(asdict(compared(baseline, window)))
    assert all(map(isfinite, found))
    assert min(found) >= 0


@settings(deadline=None)
@given(COLUMN, COLUMN)
def test_distances_are_symmetric(baseline: list[float], window: list[float]) -> None:
    one = sketch_baseline(["f"], np.array(baseline, np.float64).reshape(-1, 1), bins=5)
    two = sketch_rows(one.plan, np.array(window, np.float64).reshape(-1, 1))
    there, back = distances(one, two)[0], distances(two, one)[0]
    for name in ("psi", "jensen_shannon"):
        assert getattr(there, name) == pytest.approx(getattr(back, name), abs=1e-12)
    assert there.chi_squared.statistic == pytest.approx(back.chi_squared.statistic)
    assert there.kolmogorov_smirnov == back.kolmogorov_smirnov
    if there.wasserstein is not None:
        assert there.wasserstein.binned == pytest.approx(back.wasserstein.binned)


@settings(deadline=None)
@given(COLUMN)
def test_a_sample_is_at_no_distance_from_itself(column: list[float]) -> None:
    result = compared(column, column)
    assert result.psi == result.jensen_shannon == result.chi_squared.statistic == 0
    for bounded in (result.kolmogorov_smirnov, result.wasserstein):
        assert bounded is None or bounded.value == 0


def test_a_total_shift_is_as_far_as_it_can_be() -> None:
    result = compared([1.0, 2.0, 3.0, 4.0] * 50, [100.0] * 200)
    assert result.jensen_shannon > 0.7
    assert result.kolmogorov_smirnov.value == pytest.approx(0.75)
    assert result.wasserstein.value == pytest.approx(97.5, rel=0.3)
    assert result.psi > 2
    assert result.chi_squared.p_value < 1e-50


@pytest.mark.parametrize("left", [7.0 + 1e-12, 0.0, inf, -inf, nan])
def test_leaving_a_constant_is_seen_in_either_direction(left: float) -> None:
    result = compared([7.0] * 100, [left] * 100)
    assert result.jensen_shannon == 1
    assert result.psi > 5


def test_a_column_that_went_missing_is_far_away_though_it_has_no_values() -> None:
    result = compared([1.0, 2.0, 3.0] * 20, [nan] * 60)
    assert result.jensen_shannon == 1
    assert (result.baseline.missing, result.window.missing) == (0, 1)
    assert result.kolmogorov_smirnov is None
    assert result.wasserstein is None


def test_a_column_that_was_always_missing_may_go_on_and_may_not_appear() -> None:
    assert compared([nan] * 50, [nan] * 50).psi == 0
    assert compared([nan] * 50, [1.0] * 50).jensen_shannon == 1


def test_infinities_count_as_extreme_and_do_not_reach_the_earth_movers_distance() -> None:
    result = compared([1.0, 2.0, 3.0, 4.0] * 10, [inf, 1.0, 2.0, 3.0] * 10)
    assert result.kolmogorov_smirnov.value == 0
    assert result.wasserstein.value == pytest.approx(0.5, abs=0.5)
    assert compared([1.0, 2.0], [inf, -inf]).wasserstein is None


def test_unseen_categories_and_values_out_of_range_have_rates() -> None:
    feature = categories_of("plan", ["a", "a", "b"], most=1)
    trained = sketch_categories(feature, ["a", "a", "b", None])
    result = feature_distances(trained, sketch_categories(feature, ["a", "b", "new", "new"]))
    assert (result.baseline.unseen, result.window.unseen) == (0, 0.5)
    assert (result.baseline.missing, result.window.missing) == (0.25, 0)
    assert result.kolmogorov_smirnov is None
    one = sketch_baseline(["f"], np.zeros((4, 1)), bins=3, bounds={"f": (0, 1)})
    two = sketch_rows(one.plan, np.array([[0.5], [2.0], [-1.0], [nan]]))
    assert distances(one, two)[0].window.out_of_range == 0.5


def window_of(*names: str, bins: int = 4, rows: int = 20) -> WindowSketch:
    plan = sketch_baseline(names, np.arange(20.0 * len(names)).reshape(20, -1), bins=bins).plan
    return sketch_rows(plan, np.ones((rows, len(names))))


@pytest.mark.parametrize(
    ("window", "why"),
    [
        (window_of("a", "b", rows=0), Incomparability.NO_ROWS),
        (window_of("a"), Incomparability.OTHER_FEATURES),
        (window_of("b", "a"), Incomparability.OTHER_FEATURES),
        (window_of("a", "b", bins=5), Incomparability.OTHER_BINS),
        (
            WindowSketch(
                rows=1,
                features=(
                    sketch_categories(categories_of("a", ["x"]), ["x"]),
                    *window_of("b", rows=1).features,
                ),
            ),
            Incomparability.OTHER_KIND,
        ),
    ],
    ids=["no rows", "fewer features", "another order", "other bins", "other kind"],
)
def test_windows_that_cannot_be_compared_are_refused_with_their_reason(
    window: WindowSketch, why: Incomparability
) -> None:
    with pytest.raises(Incomparable) as refused:
        distances(window_of("a", "b"), window)
    assert refused.value.why is why


def test_a_baseline_without_rows_is_no_baseline() -> None:
    with pytest.raises(Incomparable, match="0 rows in the baseline and 20 in the window"):
        distances(window_of("a", rows=0), window_of("a"))


@pytest.mark.parametrize("distance", [psi, jensen_shannon, chi_squared, kolmogorov_smirnov])
def test_counts_in_other_bins_or_of_no_rows_are_refused(distance: Any) -> None:
    with pytest.raises(ValueError, match="same bins, got 2 and 3"):
        distance([1, 1], [1, 1, 1])
    with pytest.raises(ValueError, match="need rows, got 0 and 2"):
        distance([0, 0], [1, 1])


def test_edges_that_do_not_fit_the_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="2 bins have 3 edges, got 2"):
        wasserstein([1, 1], [1, 1], [0.0, 1.0], means=(0.0, 0.0))


def test_a_value_between_bounds_is_the_binned_one_and_else_the_nearer_bound() -> None:
    assert Bounded(binned=2.0, least=1.0, most=3.0).value == 2
    assert Bounded(binned=0.5, least=1.0, most=3.0).value == 1
    assert Bounded(binned=4.0, least=1.0, most=3.0).value == 3
