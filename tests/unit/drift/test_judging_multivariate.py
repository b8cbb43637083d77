import numpy as np
import pytest
from judged import rows_of

from drift.judging.multivariate import fourier_map


def test_mean_features_approximate_the_maximum_mean_discrepancy() -> None:
    """The distance of means against the double sum over a Gaussian kernel, V-statistic."""
    draw = np.random.default_rng(0)
    x, y = rows_of(draw, 300), rows_of(draw, 300) + 0.8
    found = fourier_map(np.vstack([x, y]), dimensions=20_000)
    difference = found.features(x).mean(axis=0) - found.features(y).mean(axis=0)
    scores = [found.scores(one) for one in (x, y)]
    width = 1 / found.weights.std()
    apart = np.median([np.linalg.norm(a - b) for a, b in zip(*scores, strict=True)])
    assert width == pytest.approx(apart, rel=0.2)

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-((a[:, None] - b[None]) ** 2).sum(-1) / (2 * width**2)).mean())

    exact = kernel(scores[0], scores[0]) + kernel(scores[1], scores[1])
    exact -= 2 * kernel(scores[0], scores[1])
    assert float(difference @ difference) == pytest.approx(exact, rel=0.1)


def test_sums_of_two_halves_are_the_sum_of_the_whole() -> None:
    rows = rows_of(np.random.default_rng(1), 100)
    found = fourier_map(rows)
    halves = found.sums(rows[:40]) + found.sums(rows[40:])
    assert halves == pytest.approx(found.sums(rows), abs=1e-5)


def test_infinities_missing_and_constants_have_finite_features() -> None:
    rows = np.array([[1.0, 7.0], [2.0, 7.0], [np.nan, 7.0], [np.inf, 7.0], [-np.inf, 8.0]])
    found = fourier_map(rows)
    assert np.isfinite(found.features(rows)).all()
    assert np.isfinite(fourier_map(np.full((5, 2), np.nan)).features(rows)).all()


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must have 4 values each, got \(3, 2\)"):
        fourier_map(rows_of(np.random.default_rng(2), 50)).features(np.zeros((3, 2)))


def test_residuals_grow_when_features_no_longer_hang_together() -> None:
    draw = np.random.default_rng(3)
    found = fourier_map(rows_of(draw, 4_000, correlation=0.8))
    usual = found.residuals(rows_of(draw, 1_000, correlation=0.8)).mean()
    apart = found.residuals(rows_of(draw, 1_000, correlation=0.2)).mean()
    assert apart > 1.3 * usual
