"""A window is judged drifted when it is, and about as often by mistake as the card allows."""

import random
from dataclasses import replace
from math import inf, isfinite, nan

import pytest

from contracts.baseline import Baseline
from contracts.card import Drift
from contracts.drift_report import DriftVerdict
from drift.binning import baseline_of
from drift.verdict import judge

CARD = Drift(
    schedule="rate(1 day)",
    min_rows=100,
    psi_floor=0.0,
    false_alarm_rate=0.05,
    drifted_share=0.01,
    bins=10,
)


def baseline(*columns: list[float | None]) -> Baseline:
    return Baseline(
        model="m",
        run_id="r",
        snapshot_date="1997-02-01",
        rows=len(columns[0]),
        features=tuple(baseline_of(f"f{i}", column, 10) for i, column in enumerate(columns)),
    )


def draw(source: random.Random, rows: int) -> list[list[float]]:
    """Return three unlike features: a smooth one, a skewed one and a count with many ties."""
    return [
        [source.gauss(0, 1), source.expovariate(1), float(int(source.expovariate(0.7)))]
        for _ in range(rows)
    ]


@pytest.mark.slow
def test_undrifted_windows_raise_about_as_many_false_alarms_as_allowed() -> None:
    source = random.Random(20261124)
    alarms = 0
    for _ in range(20):
        trained = baseline(*map(list, zip(*draw(source, 4000), strict=True)))
        for _ in range(20):
            verdict = judge(trained, draw(source, 400), CARD).verdict
            alarms += verdict is DriftVerdict.DRIFT
    assert 0.02 <= alarms / 400 <= 0.08


def test_replaying_the_training_rows_is_no_drift() -> None:
    rows = draw(random.Random(1), 1000)
    judged = judge(baseline(*map(list, zip(*rows, strict=True))), rows, CARD)
    assert judged.verdict is DriftVerdict.NO_DRIFT
    assert [feature.psi for feature in judged.features] == [0.0, 0.0, 0.0]


def test_a_shift_is_drift_and_the_reason_names_the_feature() -> None:
    rows = draw(random.Random(1), 1000)
    trained = baseline(*map(list, zip(*rows, strict=True)))
    shifted = [[a + 2, b, c] for a, b, c in rows]
    judged = judge(trained, shifted, CARD)
    assert judged.verdict is DriftVerdict.DRIFT
    assert judged.drifted_share == pytest.approx(1 / 3)
    assert judged.reason.startswith("1 of 3 features drifted (33%, bound 1%): f0 (PSI ")


def test_too_few_drifted_features_are_no_drift() -> None:
    rows = draw(random.Random(1), 1000)
    trained = baseline(*map(list, zip(*rows, strict=True)))
    judged = judge(trained, [[a + 2, b, c] for a, b, c in rows], replace(CARD, drifted_share=0.5))
    assert judged.verdict is DriftVerdict.NO_DRIFT
    assert [feature.drifted for feature in judged.features] == [True, False, False]


def test_a_small_psi_is_no_drift_however_large_the_window() -> None:
    source = random.Random(2)
    trained = baseline([source.gauss(0, 1) for _ in range(20_000)])
    window = [[source.gauss(0.1, 1)] for _ in range(20_000)]
    assert judge(trained, window, CARD).verdict is DriftVerdict.DRIFT
    card = replace(CARD, psi_floor=0.1)
    assert judge(trained, window, card).verdict is DriftVerdict.NO_DRIFT


def test_too_few_rows_are_no_verdict() -> None:
    judged = judge(baseline([1.0, 2.0]), [[1.0]] * 99, CARD)
    assert judged.verdict is DriftVerdict.NO_VERDICT
    assert judged.drifted_share is None
    assert judged.reason == "99 rows are fewer than the 100 a verdict needs"


EDGES: dict[str, tuple[list[float | None], float | None, DriftVerdict]] = {
    "a constant that stays": ([5.0] * 500, 5.0, DriftVerdict.NO_DRIFT),
    "a constant that moves": ([5.0] * 500, 5.1, DriftVerdict.DRIFT),
    "one value becomes missing": ([5.0] * 500, None, DriftVerdict.DRIFT),
    "one value becomes NaN": ([5.0] * 500, nan, DriftVerdict.DRIFT),
    "all missing stays so": ([None] * 500, None, DriftVerdict.NO_DRIFT),
    "all missing comes alive": ([None] * 500, 1.0, DriftVerdict.DRIFT),
    "values explode": ([float(v) for v in range(500)], inf, DriftVerdict.DRIFT),
    "values fall": ([float(v) for v in range(500)], -inf, DriftVerdict.DRIFT),
    "values collapse to one": ([float(v) for v in range(500)], 250.0, DriftVerdict.DRIFT),
    "flags flip": ([0.0, 1.0] * 250, 1.0, DriftVerdict.DRIFT),
}


@pytest.mark.parametrize("edge", EDGES)
def test_edge_cases_have_finite_figures_and_the_right_verdict(edge: str) -> None:
    trained, value, verdict = EDGES[edge]
    judged = judge(baseline(trained), [[value]] * 400, CARD)
    assert judged.verdict is verdict
    assert all(isfinite(feature.psi) and isfinite(feature.threshold) for feature in judged.features)


def test_a_row_of_other_width_is_refused_by_its_number() -> None:
    with pytest.raises(ValueError, match="row 3 has 2 values, the baseline 1 features"):
        judge(baseline([1.0, 2.0]), [[1.0], [1.0], [1.0, 2.0]] * 50, CARD)
