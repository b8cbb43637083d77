"""A fall is found, and what is none is called one no more often than the card asks."""

from dataclasses import replace

import numpy as np
import pytest

from quality.estimates import Estimate
from quality.falls import Promise, Rule, against_earlier, against_promise, promise_weight

RULE = Rule(persistence=2, min_fall=0.0, loosest=0.05)
ERROR = 0.01


def windows(values, *, metric: str = "auc", error: float = ERROR, rows: int = 2000):
    return [
        Estimate(metric=metric, value=value, error=error, rows=rows, weight=rows, units=500)
        for value in values
    ]


def fallen(found) -> bool:
    assert found is not None
    return found.fallen


def earlier_rate(limit: float, *, rule: Rule = RULE, length: int = 40, trials: int = 4000):
    draw = np.random.default_rng(3)
    rule = replace(rule, loosest=limit)
    found = [
        fallen(against_earlier("all", windows(0.8 + draw.normal(0, ERROR, length)), rule, limit))
        for _ in range(trials)
    ]
    return float(np.mean(found))


def binomial_band(rate: float, trials: int) -> float:
    """2.58 standard errors: the 99 % interval."""
    return 2.58 * np.sqrt(rate * (1 - rate) / trials)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0.05, 0.01])
def test_steady_windows_are_called_fallen_as_often_as_asked(limit: float) -> None:
    rate = earlier_rate(limit)
    assert rate == pytest.approx(limit, abs=binomial_band(limit, 4000) + 0.1 * limit)


@pytest.mark.slow
def test_a_young_version_is_not_called_fallen_for_what_its_few_windows_do_not_tell() -> None:
    """The mean of a few windows is off by chance too: without that, 0.056 of them alarm."""
    assert earlier_rate(0.05, length=6) < 0.04


@pytest.mark.slow
@pytest.mark.parametrize("holdout", [1000, 4000])
@pytest.mark.parametrize("persistence", [1, 2, 3])
def test_a_kept_promise_is_called_broken_as_often_as_asked(holdout: int, persistence: int) -> None:
    """The promise itself is off by chance, by the same for all windows."""
    draw, limit, trials = np.random.default_rng(4), 0.05, 3000
    rule = replace(RULE, persistence=persistence)
    found = []
    for _ in range(trials):
        promise = Promise(
            value=0.8 + draw.normal(0, ERROR * np.sqrt(2000 / holdout)), weight=holdout
        )
        seen = windows(0.8 + draw.normal(0, ERROR, persistence))
        found.append(fallen(against_promise("all", seen, promise, rule, limit)))
    assert np.mean(found) == pytest.approx(limit, abs=binomial_band(limit, trials))


@pytest.mark.slow
def test_a_kept_promise_is_not_called_broken_more_often_when_many_windows_are_compared() -> None:
    draw, limit, found = np.random.default_rng(5), 0.05, []
    for _ in range(3000):
        promise = Promise(value=0.8 + draw.normal(0, ERROR / np.sqrt(2)), weight=4000)
        seen = windows(0.8 + draw.normal(0, ERROR, 10))
        found.append(fallen(against_promise("all", seen, promise, RULE, limit)))
    assert 0.4 * limit < np.mean(found) <= limit + binomial_band(limit, 3000)


def test_a_promise_never_kept_is_found_though_no_window_shows_it() -> None:
    """Of two and a half standard errors of a window, in each from the first on."""
    draw, found, alone = np.random.default_rng(5), [], []
    for _ in range(100):
        promise = Promise(value=0.8 + draw.normal(0, ERROR / 3), weight=18_000)
        seen = windows(0.8 - 2.5 * ERROR + draw.normal(0, ERROR, 10))
        found.append(fallen(against_promise("all", seen, promise, RULE, 0.0005)))
        alone.append(fallen(against_promise("all", seen[-2:], promise, RULE, 0.0005)))
    assert np.mean(found) > 0.85
    assert np.mean(alone) < 0.5


def test_of_many_good_windows_one_odd_one_breaks_no_promise() -> None:
    promise = Promise(value=0.8, weight=1e6)
    for place in range(6):
        values = [0.8] * 6
        values[place] = 0.0
        assert not fallen(against_promise("all", windows(values), promise, RULE, 0.01))


@pytest.mark.slow
def test_a_promise_taken_for_certain_would_cry_wolf() -> None:
    draw, limit, found = np.random.default_rng(4), 0.05, []
    for _ in range(2000):
        value = 0.8 + draw.normal(0, ERROR * np.sqrt(2))
        seen = windows(0.8 + draw.normal(0, ERROR, 2))
        found.append(
            fallen(against_promise("all", seen, Promise(value=value, weight=1e9), RULE, limit))
        )
    assert np.mean(found) > 2.5 * limit


def first_alarm(values, limit: float = 0.0005) -> int | None:
    rule = replace(RULE, loosest=limit)
    for end in range(2, len(values) + 1):
        if fallen(against_earlier("all", windows(values[:end]), rule, limit)):
            return end
    return None


def test_a_real_fall_is_found_within_a_few_windows() -> None:
    """Of three standard errors, after 20 steady windows."""
    draw, delays = np.random.default_rng(6), []
    for _ in range(100):
        values = 0.8 + draw.normal(0, ERROR, 32)
        values[20:] -= 3 * ERROR
        alarm = first_alarm(values)
        delays.append(99 if alarm is None else alarm - 20)
    assert np.median(delays) <= 4
    assert np.mean(np.array(delays) <= 8) > 0.95


def test_a_slow_decline_is_found_though_each_step_is_small() -> None:
    draw, found = np.random.default_rng(8), []
    for _ in range(50):
        values = 0.8 + draw.normal(0, ERROR, 50)
        values[10:] -= 0.15 * ERROR * np.arange(40)
        found.append(first_alarm(values) is not None)
    assert np.mean(found) > 0.95


def test_one_odd_window_is_no_fall_and_two_are() -> None:
    steady = [0.8] * 10
    rule = replace(RULE, loosest=0.001)
    odd, again = windows([*steady, 0.5]), windows([*steady, 0.5, 0.5])
    promise = Promise(value=0.8, weight=5000)

    assert not fallen(against_earlier("all", odd, rule, 0.001))
    assert not fallen(against_promise("all", odd, promise, rule, 0.001))
    assert fallen(against_earlier("all", again, rule, 0.001))
    assert fallen(against_promise("all", again, promise, rule, 0.001))


def test_an_alarm_stays_while_the_fall_lasts_and_ends_with_it() -> None:
    values = [0.8] * 10 + [0.7] * 60
    rule = replace(RULE, loosest=0.001)

    assert fallen(against_earlier("all", windows(values), rule, 0.001))
    assert not fallen(against_earlier("all", windows([*values, *[0.8] * 26]), rule, 0.001))


def test_a_gain_is_no_fall_whichever_way_the_metric_goes() -> None:
    rule = replace(RULE, loosest=0.001)
    for metric, better in (("auc", 0.95), ("rmse", 0.3)):
        worse = 1.25 - better
        rising = windows([0.8, 0.8, better, better, better], metric=metric)
        sinking = windows([0.8, 0.8, worse, worse, worse], metric=metric)
        promise = Promise(value=0.8, weight=5000)
        for seen, wanted in ((rising, False), (sinking, True)):
            assert fallen(against_earlier("all", seen, rule, 0.001)) is wanted
            assert fallen(against_promise("all", seen, promise, rule, 0.001)) is wanted


def test_a_fall_too_small_to_matter_is_none_however_sure() -> None:
    seen = windows([0.8, 0.8, 0.796, 0.796, 0.796, 0.796], error=0.0001)
    promise = Promise(value=0.8, weight=1e6)
    for least, wanted in ((0.0, True), (0.005, False)):
        rule = replace(RULE, min_fall=least)
        assert fallen(against_earlier("all", seen, rule, 0.05)) is wanted
        assert fallen(against_promise("all", seen, promise, rule, 0.05)) is wanted


def test_what_has_nothing_to_be_compared_with_is_not_compared() -> None:
    one = windows([0.8])
    assert against_earlier("all", one, RULE, 0.01) is None
    assert against_promise("all", one, Promise(value=0.9, weight=1000), RULE, 0.01) is None


def test_windows_without_any_error_of_their_own_are_judged_all_the_same() -> None:
    seen = windows([1.0, 1.0, 0.0, 0.0, 0.0], metric="accuracy", error=0.0)
    assert fallen(against_earlier("all", seen, RULE, 0.01))
    assert not fallen(against_earlier("all", seen[:2], RULE, 0.01))


def test_the_weight_of_a_promise_is_its_rows_and_of_auc_its_rarer_class() -> None:
    assert promise_weight("rmse", 1000, None) == 1000
    assert promise_weight("auc", 1000, 10) == pytest.approx(9.9)
    assert promise_weight("auc", 1000, 1000) == 1000
