import numpy as np
import pytest

from drift.judging.cells import Cells, FeatureCells
from drift.judging.persistence import Chart, shrunk
from drift.judging.settings import ONE_A_QUARTER, Settings


def test_a_chart_is_worth_twice_its_memory_less_one_windows() -> None:
    """Weights w, w², … of a mean have the variance of (2 memory - 1) equal ones."""
    chart = Chart(memory=8.0, sums=np.zeros(2))
    for _ in range(200):
        chart = chart.after(np.array([60.0, 40.0]), 100)
    assert chart.effective_rows == pytest.approx(15 * 100, rel=1e-6)
    assert chart.sums / chart.rows == pytest.approx([0.6, 0.4])


def test_a_chart_of_one_window_is_worth_that_window() -> None:
    chart = Chart(memory=32.0, sums=np.zeros(2)).after(np.array([60.0, 40.0]), 100)
    assert chart.effective_rows == 100


def test_all_kinds_of_alarm_share_the_budget() -> None:
    settings = Settings(false_alarm_rate=0.02)
    slow = settings.slow_level * len(settings.memories)
    assert settings.sudden_level**settings.confirm + slow == pytest.approx(0.02)
    assert settings.sudden_level**2 == pytest.approx(0.004)
    assert Settings(memories=(), confirm=1).sudden_level == ONE_A_QUARTER


def test_only_what_is_strange_is_shrunk_and_rows_stay() -> None:
    cells = Cells((FeatureCells(name="a", bins=2), FeatureCells(name="b", bins=2)))
    sums, shares = np.array([90.0, 10.0, 52.0, 48.0]), np.full(4, 0.5)
    found = shrunk(sums, 100, shares, cells, {0: 4 * 6.9, 1: 0.2})
    assert found.tolist() == [70.0, 30.0, 52.0, 48.0]
    together = shrunk(sums, 100, shares, cells, {0: 4 * 6.9, 2: 16 * 6.9})
    assert together.tolist() == [60.0, 40.0, 50.5, 49.5]
