import numpy as np
import pytest

from drift.judging.surprise import binomial_surprises, chi2_surprises
from drift.thresholds import binomial_surprise, chi2_surprise

stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize("freedom", [1, 2, 6.4, 9, 63.5])
@pytest.mark.parametrize("x", [0.001, 0.5, 3.0, 30.0, 300.0, 1000.0])
def test_a_chi_squared_surprise_is_minus_the_log_of_its_tail(x: float, freedom: float) -> None:
    assert chi2_surprise(x, freedom) == pytest.approx(-stats.chi2.logsf(x, freedom), rel=1e-9)


@pytest.mark.parametrize("freedom", [1.0, 2.0, 9.0, 63.5])
def test_interpolated_surprises_are_exact_to_a_hundredth(freedom: float) -> None:
    x = np.linspace(0, 3 * freedom + 200, 5_001)[1:]
    found, exact = chi2_surprises(x, freedom), -stats.chi2.logsf(x, freedom)
    assert np.abs(found - exact).max() < 0.01


def test_a_surprise_stays_finite_and_grows_far_beyond_the_smallest_number() -> None:
    found = chi2_surprises(np.array([1e4, 1e6, 1e9]), 9.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()
    assert found[1] == pytest.approx(5e5, rel=0.01)


@pytest.mark.parametrize(
    ("hits", "of", "chance"), [(1, 1, 0.1), (2, 40, 0.05), (900, 9_000, 0.09), (300, 400, 0.5)]
)
def test_a_binomial_surprise_is_minus_the_log_of_its_tail(
    hits: int, of: int, chance: float
) -> None:
    exact = -stats.binom.logsf(hits - 1, of, chance)
    assert binomial_surprise(hits, of, chance) == pytest.approx(exact, rel=1e-9)


def test_binomial_surprises_keep_their_shape_and_order() -> None:
    found = binomial_surprises(np.array([[3.0, 0.0], [1.0, 3.0]]), np.full((2, 2), 5.0), 0.2)
    assert found[0, 0] == found[1, 1] == pytest.approx(binomial_surprise(3, 5, 0.2))
    assert found[0, 1] == 0.0
