"""Intervals of a gain: right as often as they say, for rows, users and days."""

from time import process_time

import numpy as np
import pandas as pd
import pytest

from contracts.card import Task
from contracts.evaluation import Gain
from ml.evaluation.bootstrap import Plan, Unmeasurable, gain_of
from ml.evaluation.metrics import figure
from ml.evaluation.ranking import ranking_metrics
from ml.evaluation.units import Units, units_of

Floats = np.ndarray


def plan(samples: int = 200, seed: int = 1) -> Plan:
    return Plan(samples=samples, confidence=0.95, seed=(seed,))


def alone(count: int) -> Units:
    return units_of(Task.BINARY_CLASSIFICATION, pd.RangeIndex(count))


def gain(metric: str, labels: Floats, new: Floats, old: Floats, seed: int = 1) -> Gain:
    return gain_of(metric, labels, new, old, alone(len(labels)), plan(seed=seed))


def classes(rows: int, seed: int, share: float = 0.7) -> tuple[Floats, Floats]:
    draw = np.random.default_rng(seed)
    labels = (draw.random(rows) < share).astype(np.float64)
    return labels, np.clip(draw.normal(0.4 + 0.2 * labels, 0.2), 0.001, 0.999)


def equally_noisy(draw: np.random.Generator, truth: Floats) -> list[Floats]:
    return [truth + draw.normal(0, 0.7, len(truth)) for _ in range(2)]


def test_an_auc_gain_covers_no_gain_about_as_often_as_it_says() -> None:
    """Two equally noisy views of one truth: 95 % of the intervals hold 0, within chance."""
    covered = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        labels = (draw.random(400) < 0.7).astype(np.float64)
        views = equally_noisy(draw, labels + draw.normal(0, 1, 400))
        found = gain("auc", labels, *views, seed=seed)
        covered += found.low <= 0 <= found.high
    assert 88 <= covered <= 99


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_the_gain_of_an_error_covers_no_gain_about_as_often_as_it_says(metric: str) -> None:
    covered = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        labels = draw.normal(10, 3, 300)
        found = gain(metric, labels, *equally_noisy(draw, labels), seed=seed)
        covered += found.low <= 0 <= found.high
    assert 88 <= covered <= 99


def wandering(draw: np.random.Generator, hours: int) -> Floats:
    """Errors that go on: nine tenths of the last hour's, and something new."""
    steps, error = draw.normal(0, 1, hours), np.empty(hours)
    error[0] = steps[0]
    for hour in range(1, hours):
        error[hour] = 0.9 * error[hour - 1] + steps[hour]
    return error


@pytest.mark.slow
def test_days_in_blocks_cover_where_single_hours_are_far_too_sure() -> None:
    hours = pd.date_range("2012-03-01", periods=24 * 60, freq="h")
    days, rows = units_of(Task.REGRESSION, hours), alone(len(hours))
    covered = {"days": 0, "hours": 0}
    for seed in range(100):
        draw = np.random.default_rng(seed)
        labels = draw.normal(100, 10, len(hours))
        views = [labels + wandering(draw, len(hours)) for _ in range(2)]
        for name, units in (("days", days), ("hours", rows)):
            found = gain_of("rmse", labels, *views, units, plan(seed=seed))
            covered[name] += found.low <= 0 <= found.high
    assert covered["days"] >= 86
    assert covered["hours"] <= 75


@pytest.mark.slow
def test_users_drawn_whole_cover_where_single_ratings_are_far_too_sure() -> None:
    users = np.repeat(np.arange(60), 25)
    pairs = pd.MultiIndex.from_arrays([users, np.tile(np.arange(25), 60)])
    by_user, rows = units_of(Task.RECOMMENDATION, pairs), alone(len(users))
    covered = {"users": 0, "rows": 0}
    for seed in range(100):
        draw = np.random.default_rng(seed)
        labels = draw.normal(3, 1, len(users))
        # Each model knows some users well and others badly.
        views = [labels + draw.normal(0, 1, 60)[users] for _ in range(2)]
        for name, units in (("users", by_user), ("rows", rows)):
            found = gain_of("rmse", labels, *views, units, plan(seed=seed))
            covered[name] += found.low <= 0 <= found.high
    assert covered["users"] >= 86
    assert covered["rows"] <= 60


@pytest.mark.parametrize("metric", ["auc", "brier", "log_loss", "rmse", "mae"])
def test_a_clear_gain_lies_above_zero_whichever_way_the_metric_goes(metric: str) -> None:
    labels, scores = classes(3000, 5)
    worse = np.clip(scores + np.random.default_rng(1).normal(0, 0.5, 3000), 0.001, 0.999)

    better = gain(metric, labels, scores, worse)
    turned = gain(metric, labels, worse, scores)

    assert 0 < better.low < better.value < better.high
    assert turned.value == -better.value
    assert turned.high < 0
    assert better == gain(metric, labels, scores, worse)
    assert better != gain(metric, labels, scores, worse, seed=2)


@pytest.mark.parametrize("metric", ["auc", "brier", "rmse"])
def test_the_same_answers_gain_exactly_nothing(metric: str) -> None:
    labels, scores = classes(500, 2)
    found = gain(metric, labels, scores, scores.copy())

    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_a_shift_that_keeps_the_order_is_no_gain_of_auc() -> None:
    labels, scores = classes(500, 2)
    found = gain("auc", labels, scores / 2, scores)

    assert (found.value, found.low, found.high) == (0, 0, 0)


@pytest.mark.parametrize("metric", ["ndcg", "recall"])
def test_the_gain_of_a_ranking_is_resampled_user_by_user(metric: str) -> None:
    draw = np.random.default_rng(7)
    users = np.repeat(np.arange(200), 15)
    labels = draw.integers(1, 6, len(users)).astype(np.float64)
    good, bad = (labels + draw.normal(0, noise, len(users)) for noise in (0.5, 2.0))
    units = units_of(Task.RECOMMENDATION, pd.MultiIndex.from_arrays([users, np.arange(len(users))]))

    found = gain_of(metric, labels, good, bad, units, plan())

    figures = [ranking_metrics(users, labels, scores)[metric] for scores in (good, bad)]
    assert found.value == figures[0] - figures[1]
    assert 0 < found.low < found.value < found.high
    assert figure(metric, labels, good, users) == figures[0]


def test_rows_of_one_class_are_no_measure_of_auc() -> None:
    hours = pd.date_range("2012-03-01", periods=72, freq="h")
    units = units_of(Task.BINARY_CLASSIFICATION, hours)
    # One day alone has positives: many a sample of days has none.
    labels = (np.arange(72) < 5).astype(np.float64)
    scores = np.linspace(0, 1, 72)

    with pytest.raises(
        Unmeasurable, match=r"^auc cannot be measured on every resample of 3 units$"
    ):
        gain_of("auc", labels, scores, scores[::-1], units, plan())


def test_days_of_a_classifier_are_drawn_whole() -> None:
    labels, scores = classes(24 * 40, 3)
    hours = pd.date_range("2012-03-01", periods=len(labels), freq="h")
    worse = np.random.default_rng(1).random(len(labels))
    found = gain_of(
        "auc", labels, scores, worse, units_of(Task.BINARY_CLASSIFICATION, hours), plan()
    )

    assert 0 < found.low < found.value < found.high
    assert found.value == gain("auc", labels, scores, worse).value


def test_units_are_users_days_or_rows() -> None:
    pairs = pd.MultiIndex.from_tuples([(9, 1), (4, 1), (9, 2)])
    hours = pd.DatetimeIndex(["2012-03-02 01:00", "2012-03-01 05:00", "2012-03-02 23:00"])
    stores = pd.MultiIndex.from_arrays([["a", "b", "a"], hours])

    users = units_of(Task.RECOMMENDATION, pairs)
    assert (users.of_row.tolist(), users.count, users.block) == ([1, 0, 1], 2, 1)
    for index in (hours, stores):
        days = units_of(Task.REGRESSION, index)
        assert (days.of_row.tolist(), days.count, days.ordered) == ([1, 0, 1], 2, True)
    rows = units_of(Task.REGRESSION, pd.Index(["x", "y", "z"]))
    assert rows.alone
    assert rows.of_row.tolist() == [0, 1, 2]
    assert not users.alone
    assert not days.alone


@pytest.mark.parametrize(("count", "block"), [(1, 1), (8, 2), (28, 4), (64, 4), (365, 8)])
def test_blocks_grow_with_the_cube_root_of_the_days(count: int, block: int) -> None:
    units = Units(of_row=np.arange(count), count=count, ordered=True)

    assert units.block == block


def test_units_of_some_rows_are_numbered_again() -> None:
    units = units_of(Task.RECOMMENDATION, pd.MultiIndex.from_tuples([(9, 1), (4, 1), (6, 2)]))
    some = units.within(np.array([True, False, True]))

    assert (some.of_row.tolist(), some.count) == ([1, 0], 2)
    assert units.within(np.zeros(3, dtype=np.bool_)).count == 0


@pytest.mark.parametrize("metric", ["auc", "brier"])
def test_a_thousand_samples_of_a_large_holdout_take_about_a_second(metric: str) -> None:
    labels, scores = classes(23_000, 1)
    other = np.clip(scores + np.random.default_rng(2).normal(0, 0.1, len(scores)), 0.001, 0.999)
    units, start = alone(len(labels)), process_time()

    gain_of(metric, labels, scores, other, units, plan(samples=1000))

    assert process_time() - start < 2
