"""Alarms on undrifted data are as frequent as asked, on both sides.

Seeds are fixed; bounds hold 99.9 % of a binomial count, so that another seed would pass too.
"""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from judged import World, lines_of, rows_of

from drift.judging.cells import Cells, FeatureCells, Window
from drift.judging.judge import Judge
from drift.judging.null import Null, null_of
from drift.judging.reference import Reference, reference_of
from drift.judging.settings import Settings
from drift.judging.statistics import Statistics, Test


def within(share: float, level: float, count: int) -> bool:
    return abs(share - level) <= 3.3 * sqrt(level * (1 - level) / count)


def p_values(world: World, judge: Judge, count: int, rows: int) -> np.ndarray:
    windows = (world.quiet(rows) for _ in range(count))
    return np.array([judge.look(window.sums, rows).p_value for window in windows])


@pytest.mark.parametrize("rows", [60, 500])
def test_undrifted_windows_are_odd_as_often_as_asked(rows: int) -> None:
    """Over several baselines: each has an error of its own, which its windows share."""
    worlds = [World(seed=rows + at, multivariate=True) for at in range(6)]
    found = np.concatenate([p_values(one, Judge(one.reference), 350, rows) for one in worlds])
    for level in (0.5, 0.05, 0.01):
        assert within(float((found <= level).mean()), level, len(found)), level


def test_the_false_alarms_of_correlated_features_are_not_shared_out_too_thin() -> None:
    """With four copies of one feature, thresholds are nearly those of one: Bonferroni adds 1.4."""
    draw = np.random.default_rng(3)
    lines = np.tile(lines_of(rows_of(draw, 6_000))[:, :10], (1, 4))
    cells = World().cells
    copies = reference_of(lines, np.ones(6_000), cells, model="m", version="1")
    alone = Cells(cells.features[:1])
    one = reference_of(lines[:, :10], np.ones(6_000), alone, model="m", version="1")
    thresholds = [_null(reference, 500).surprise_at(0.01) for reference in (copies, one)]
    assert thresholds[0] == pytest.approx(thresholds[1], abs=0.5)


def _null(reference: Reference, rows: float) -> Null:
    return null_of(reference, Statistics(reference, rows), rows)


def blocks_of(draw: np.random.Generator, count: int) -> np.ndarray:
    """Requests of 20 rows that resemble each other."""
    rows = rows_of(draw, count * 20)
    rows = 0.6 * rows + 0.8 * np.repeat(rows_of(draw, count), 20, axis=0)
    return lines_of(rows).reshape(count, 20, -1).sum(axis=1)


@pytest.mark.parametrize("taken", [25, 450])
def test_rows_that_resemble_each_other_within_a_request_raise_no_more_alarms(taken: int) -> None:
    """Drawn request by request for small windows, by the requests' covariance for large ones."""
    draw = np.random.default_rng(5)
    cells = World().cells
    blocks = blocks_of(draw, 6_000)
    sizes = np.full(len(blocks), 20.0)
    judge = Judge(reference_of(blocks, sizes, cells, model="m", version="1"))
    naive = Judge(
        reference_of(lines_of(rows_of(draw, 8_000)), np.ones(8_000), cells, model="m", version="1")
    )
    windows = [blocks_of(draw, taken).sum(axis=0) for _ in range(400)]
    found = np.array([judge.look(sums, taken * 20).p_value for sums in windows])
    assert within(float((found <= 0.05).mean()), 0.05, 400)
    assert np.mean([naive.look(sums, taken * 20).p_value <= 0.05 for sums in windows]) > 0.5


def test_a_baseline_that_is_as_small_as_the_window_is_allowed_its_own_error() -> None:
    draw = np.random.default_rng(6)
    cells = World().cells
    found = []
    for seed in range(60):
        small = reference_of(
            lines_of(rows_of(draw, 500)), np.ones(500), cells, model="m", version="1"
        )
        judge = Judge(small, Settings(draws=4_000, seed=seed))
        found += [
            judge.look(lines_of(rows_of(draw, 500)).sum(axis=0), 500).p_value for _ in range(10)
        ]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.035)


def test_a_shift_of_psi_a_fifth_is_found_in_two_thousand_rows() -> None:
    """PSI 0.2 is a shift of 0.45 standard deviations: folklore's threshold for 'act now'."""
    world = World(seed=2)
    judge = Judge(world.reference)
    found = [
        judge.look(world.shifted(0.45, 2_000).sums, 2_000).p_value <= 1 / 2190 for _ in range(50)
    ]
    assert np.mean(found) >= 0.9


def test_the_tail_goes_on_beyond_the_draws() -> None:
    null = Null(np.sort(np.random.default_rng(0).exponential(size=20_000)))
    assert null.p_value(np.log(1e5)) == pytest.approx(1e-5, rel=0.5)
    assert null.surprise_at(1e-5) == pytest.approx(np.log(1e5), rel=0.05)
    assert 0 < null.p_value(1e6) < 1e-200


def test_the_same_seed_draws_the_same_null() -> None:
    reference = World().reference
    first, again = (_null(reference, 300).largest for _ in range(2))
    assert (first == again).all()


def _unseen(extra: int) -> float:
    """p of a window with ``extra`` rows of a category that training never saw."""
    cells = Cells((FeatureCells(name="plan", bins=3, labels=("free", "paid", "unseen")),))
    draw = np.random.default_rng(4)
    lines = np.eye(3)[(draw.random(20_000) < 0.3).astype(int)]
    judge = Judge(reference_of(lines, np.ones(20_000), cells, model="m", version="1"))
    sums = np.array([700.0, 300.0 - extra, extra])
    look = judge.look(sums, 1_000)
    assert look.by_feature()[0][1] is Test.RARE or not extra
    return look.p_value


def test_one_unseen_value_is_chance_and_ten_are_not() -> None:
    assert _unseen(0) > 0.1
    assert _unseen(1) > 0.01
    assert _unseen(10) < 1e-6


def test_a_reference_survives_its_bytes() -> None:
    world = World(multivariate=True)
    again = Reference.from_bytes(world.reference.to_bytes())
    assert again.cells == world.reference.cells
    assert again.fingerprint == world.reference.fingerprint
    window: Window = world.quiet()
    looks = [Judge(one).look(window.sums, window.rows) for one in (world.reference, again)]
    assert looks[0].p_value == pytest.approx(looks[1].p_value, abs=0.02)


def test_bytes_that_are_no_reference_are_named() -> None:
    with pytest.raises(ValueError, match="the reference can't be read"):
        Reference.from_bytes(b"no archive")


@pytest.mark.parametrize("shape", [(5, 3), (4, 40)])
def test_sums_of_another_shape_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"need sums of shape \(5, 40\)"):
        reference_of(np.ones(shape), np.ones(5), World().cells, model="m", version="1")


def test_a_baseline_of_few_blocks_knows_that_it_knows_its_variance_badly() -> None:
    blocks = blocks_of(np.random.default_rng(8), 60)
    few = reference_of(blocks, np.full(60, 20.0), World().cells, model="m", version="1")
    sure = replace(few, block_count=1_000_000)
    rows = 20.0 * 30
    thresholds = [
        null_of(few, Statistics(few, rows), rows).surprise_at(0.001),
        null_of(sure, Statistics(few, rows), rows).surprise_at(0.001),
    ]
    assert thresholds[0] > thresholds[1] + 0.2


def test_rows_more_even_than_chance_are_no_proof_that_they_stay_so() -> None:
    """Each hour of a day once in every block: no variance at all, and yet no division by it."""
    cells = Cells((FeatureCells(name="hour", bins=24, ordered=24),))
    days = reference_of(np.ones((200, 24)), np.full(200, 24.0), cells, model="m", version="1")
    judge = Judge(days)
    even = judge.look(np.full(24, 20.0), 480)
    assert even.p_value == pytest.approx(1.0)
    night = np.full(24, 20.0)
    night[:4] = 0
    assert judge.look(night, night.sum()).by_feature()[0][0] > 10


def test_features_that_move_against_their_correlation_are_seen_together() -> None:
    """Each by 0.15 standard deviations, which alone is hardly odd in 500 rows."""
    world = World(seed=12)
    judge = Judge(world.reference)
    rows = rows_of(world.draw, 500) + np.array([0.15, -0.15, 0.15, -0.15])
    look = judge.look(world.window(rows).sums, 500)
    assert look.p_value < 1e-6
    together = dict(zip(look.tests, look.surprises, strict=True))
    location = together.pop((4, Test.LOCATION))
    assert location > 2 * max(together.values())
