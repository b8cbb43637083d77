"""How unlikely a run of windows is without a fall is what the stated formulas say."""

from math import exp

import numpy as np
import pytest

from quality.estimates import above
from quality.persistence import ALLOWANCE, Cusum, all_above, cusum_chance, cusum_level


def exact_tail(level: float, *, states: int = 1200, highest: float = 20) -> float:
    """Solve the chain of the reflected walk on a grid (Brook and Evans, 1972)."""
    width = highest / states
    places = np.concatenate([[0], (np.arange(states) + 0.5) * width])
    bounds = np.arange(states + 1) * width
    steps = bounds[None, :] - places[:, None] + ALLOWANCE
    below = 1 - np.vectorize(above)(steps)
    chain = np.diff(np.column_stack([np.zeros(states + 1), below]), axis=1)
    chain[:, -1] += 1 - below[:, -1]
    system = chain.T - np.eye(states + 1)
    system[-1] = 1
    shares = np.linalg.solve(system, [*[0.0] * states, 1.0])
    return float(shares[places >= round(level / width) * width].sum())


@pytest.mark.slow
@pytest.mark.parametrize("level", [1.0, 2.0, 4.0, 8.0])
def test_the_sums_chance_is_the_chains(level: float) -> None:
    assert cusum_chance(level) == pytest.approx(exact_tail(level), rel=0.01)


def test_level_and_chance_are_each_others_inverse() -> None:
    for chance in (0.1, 0.01, 1e-6):
        assert cusum_chance(cusum_level(chance)) == pytest.approx(chance)
    assert (cusum_chance(0.0), cusum_level(0.99)) == (1.0, 0.0)
    with pytest.raises(ValueError, match="chance must be between 0 and 1, got 0"):
        cusum_level(0)


@pytest.mark.parametrize("persistence", [2, 3, 5])
def test_windows_make_an_alarm_no_sooner_than_persistence_has_it(persistence: int) -> None:
    cusum = Cusum(limit=0.0005, persistence=persistence, loosest=0.001)
    for _ in range(persistence - 1):
        cusum.add(1000)
        assert cusum_chance(cusum.sum) > 0.001
    for _ in range(persistence):
        cusum.add(1000)
    assert cusum.alarmed


def test_one_window_is_enough_where_the_card_says_so() -> None:
    cusum = Cusum(limit=0.001, persistence=1, loosest=0.001)
    cusum.add(7)
    assert cusum.alarmed


def test_a_recovery_is_seen_soon_however_long_the_fall_was() -> None:
    cusum = Cusum(limit=0.001, persistence=2, loosest=0.001)
    for _ in range(500):
        cusum.add(4)
    good = 0
    while cusum.alarmed:
        cusum.add(0)
        good += 1
    assert good <= 1 + 2 * cusum.level


def test_windows_that_share_an_error_are_not_so_unlikely_together() -> None:
    draw = np.random.default_rng(11)
    shared = [0.3, 0.5, 0.5]
    common = draw.normal(size=400_000)
    lowest = np.min(
        [np.sqrt(s) * common + np.sqrt(1 - s) * draw.normal(size=len(common)) for s in shared],
        axis=0,
    )
    for level in (-1.0, 0.5, 1.5):
        assert all_above(level, shared) == pytest.approx(float((lowest > level).mean()), rel=0.03)
    assert all_above(1.5, shared) > 3 * above(1.5) ** 3


def test_far_out_the_chance_is_small_and_not_zero() -> None:
    assert above(10.0) == pytest.approx(7.62e-24, rel=0.01)
    assert 0 < all_above(6.0, [0.0, 0.0]) < exp(-30)
