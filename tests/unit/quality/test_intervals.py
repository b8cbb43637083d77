"""Intervals hold the true figure as often as they say, also when rows of one unit are alike."""

from dataclasses import replace

import numpy as np
import pytest

from contracts.quality import Task
from quality.estimates import Estimate, above, error_of, normal_of_t, t_quantile
from quality.tally import BOUNDED, Tally
from quality.units import codes_of
from tests.unit.quality.cases import BINARY, quality

CARD = quality(shown=3, liked_from=4.0)
TRIALS = 600
BAND = 0.026
"""Three standard errors of a share of 0.95 in so many trials."""
NAMES = codes_of([f"customer {number}" for number in range(5000)])


def classified(draw: np.random.Generator, units: int, rows: int):
    """Rows of one unit share its leaning, in label and in score."""
    leaning = np.repeat(draw.normal(size=units), rows)
    labels = (draw.random(units * rows) < 1 / (1 + np.exp(1 - leaning))).astype(float)
    scores = 1 / (1 + np.exp(-(1.2 * labels - 1 + 0.8 * leaning + draw.normal(size=len(labels)))))
    return labels, scores, np.repeat(NAMES[:units], rows)


def regressed(draw: np.random.Generator, units: int, rows: int):
    labels = 20 + draw.gamma(2, 40, units * rows)
    wrong = np.repeat(draw.normal(0, 8, units), rows) + draw.standard_t(6, units * rows) * 8
    return labels, labels + wrong, np.repeat(NAMES[:units], rows)


def rated(draw: np.random.Generator, units: int, rows: int):
    labels = draw.integers(1, 6, units * rows).astype(float)
    noise = np.repeat(draw.uniform(0.5, 3, units), rows)
    scores = labels + noise * draw.normal(size=len(labels))
    return labels, scores, np.repeat(NAMES[:units], rows)


MADE = {BINARY: classified, Task.REGRESSION: regressed, Task.RECOMMENDATION: rated}
CASES = [
    *((BINARY, metric) for metric in ("auc", "accuracy", "f1", "log_loss", "brier")),
    *((Task.REGRESSION, metric) for metric in ("rmse", "mae", "mape")),
    *((Task.RECOMMENDATION, metric) for metric in ("ndcg", "recall", "hit_rate")),
]


def figure(task: Task, metric: str, draw: np.random.Generator, units: int, rows: int) -> Estimate:
    estimate = Tally.of(task, CARD, MADE[task](draw, units, rows)).estimate(metric)
    assert estimate is not None
    return estimate


def truth(task: Task, metric: str) -> float:
    draw = np.random.default_rng(99)
    return float(np.mean([figure(task, metric, draw, 5000, 8).value for _ in range(25)]))


def held(task: Task, metric: str, units: int, rows: int) -> float:
    true, draw = truth(task, metric), np.random.default_rng(7)
    found = 0
    for _ in range(TRIALS):
        low, high = figure(task, metric, draw, units, rows).interval(
            0.95, bounded=metric in BOUNDED
        )
        found += low <= true <= high
    return found / TRIALS


@pytest.mark.slow
@pytest.mark.parametrize(("task", "metric"), CASES, ids=lambda each: str(each))
def test_an_interval_of_95_percent_holds_the_truth_19_times_of_20(task: Task, metric: str) -> None:
    assert held(task, metric, units=250, rows=8) == pytest.approx(0.95, abs=BAND)


def test_rows_of_one_unit_are_not_taken_for_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same intervals as if each row were a unit of its own are far too narrow."""
    draw, alone, together = np.random.default_rng(5), [], []
    for _ in range(40):
        labels, scores, units = classified(draw, 250, 8)
        strangers = codes_of([str(row) for row in range(len(labels))])
        for names, errors in ((units, together), (strangers, alone)):
            estimate = Tally.of(BINARY, CARD, (labels, scores, names)).estimate("brier")
            assert estimate is not None
            errors.append(estimate.error)
    spread = [figure(BINARY, "brier", draw, 250, 8).value for _ in range(400)]

    assert np.mean(together) == pytest.approx(np.std(spread), rel=0.12)
    assert np.mean(alone) < 0.9 * np.std(spread)


def test_a_perfect_score_is_not_known_without_doubt() -> None:
    perfect = Estimate(metric="accuracy", value=1.0, error=0.0, rows=100, weight=100, units=99)

    low, high = perfect.interval(0.95, bounded=True)
    assert (round(low, 3), high) == (0.964, 1.0)  # Clopper and Pearson's of 100 of 100
    low, high = replace(perfect, value=0.0).interval(0.95, bounded=True)
    assert (low, round(high, 3)) == (0.0, 0.036)
    assert replace(perfect, value=3.0).interval(0.95, bounded=False) == (3.0, 3.0)


def test_bounds_stay_where_the_metric_can_be() -> None:
    near = Estimate(metric="auc", value=0.99, error=0.02, rows=100, weight=100, units=50)
    low, high = near.interval(0.95, bounded=True)
    assert 0.5 < low < 0.99 < high < 1
    low, high = replace(near, metric="rmse", value=0.01).interval(0.95, bounded=False)
    assert 0 < low < 0.01 < high


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(19, 2.093), (30, 2.042), (100, 1.984), (511, 1.9646)]
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(quantile, abs=0.002)
    assert normal_of_t(quantile, freedom) == pytest.approx(1.96, abs=0.002)


def test_students_tail_far_out_is_scipys() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed here")
    for freedom in (19, 50, 511):
        for t in (3.0, 5.0, 8.0):
            assert above(normal_of_t(t, freedom)) == pytest.approx(stats.t.sf(t, freedom), rel=0.1)


def test_one_group_tells_no_error() -> None:
    assert error_of(np.zeros(3), np.array([True, False, False])) == (np.inf, 0)
