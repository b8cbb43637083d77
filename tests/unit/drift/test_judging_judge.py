import json
from dataclasses import replace

import numpy as np
import pytest
from judged import World, rows_of

from contracts.drift_report import DriftVerdict
from drift.judging.cells import Cells, FeatureCells, Window, joined
from drift.judging.explaining import TOGETHER
from drift.judging.judge import Judge
from drift.judging.judgement import Alarm, Judgement, NoVerdict
from drift.judging.persistence import State, parse_state
from drift.judging.reference import Reference, reference_of
from drift.judging.refusing import refusal
from drift.judging.settings import Settings

QUARTERLY = Settings()


def judged(judge: Judge, windows: list[Window], state: State | None = None) -> list[Judgement]:
    found = []
    for window in windows:
        found.append(judge.judge(window, state))
        state = found[-1].state
    return found


def test_undrifted_windows_are_called_undrifted() -> None:
    world = World(seed=1, multivariate=True)
    found = judged(Judge(world.reference), [world.quiet() for _ in range(300)])
    assert sum(one.verdict is DriftVerdict.DRIFT for one in found) <= 2
    assert all(one.verdict is not DriftVerdict.NO_VERDICT for one in found)


def test_false_alarms_of_all_kinds_share_one_budget() -> None:
    """At 1 in 25 both kinds are frequent enough to be counted: 3,000 checks, at most 99.9 %."""
    alarms = 0
    for seed in range(10):
        world = World(seed=100 + seed)
        judge = Judge(world.reference, Settings(false_alarm_rate=1 / 25))
        found = judged(judge, [world.quiet() for _ in range(300)])
        alarms += sum(one.alarm is not None for one in found)
    assert 20 <= alarms <= 200


def test_one_odd_window_is_no_alarm_and_the_second_is() -> None:
    world = World(seed=2)
    judge = Judge(world.reference)
    quiet = [world.quiet(at=f"q{at}") for at in range(20)]
    once = judged(judge, [*quiet, world.shifted(1.0, at="a"), *(world.quiet() for _ in range(10))])
    assert [one.alarm for one in once] == [None] * 31
    assert once[20].p_value is not None
    assert once[20].p_value < 1e-6
    twice = judged(judge, [*quiet, world.shifted(1.0, at="a"), world.shifted(1.0, at="b")])
    assert twice[-1].alarm is Alarm.SUDDEN
    assert twice[-1].since == "a"


def test_a_check_that_needs_no_confirmation_alarms_at_once() -> None:
    world = World(seed=2)
    judge = Judge(world.reference, Settings(confirm=1))
    assert judge.judge(world.shifted(1.0)).alarm is Alarm.SUDDEN


def test_slow_drift_is_found_that_no_window_shows() -> None:
    """A shift of 0.08 standard deviations in one feature, in windows of 500 rows."""
    world = World(seed=3)
    judge = Judge(world.reference)
    windows = [world.shifted(0.0 if at < 20 else 0.08, at=f"{at:02}") for at in range(80)]
    found = judged(judge, windows)
    first = next(at for at, one in enumerate(found) if one.alarm)
    assert found[first].alarm is Alarm.SLOW
    assert 21 <= first <= 60
    moved = found[first].moved[0]
    assert "x2" in (moved.feature, *moved.leading[:1])
    since = found[first].since
    assert since is not None
    assert 10 <= int(since) <= first
    alone = Judge(world.reference, Settings(memories=()))
    assert not any(one.alarm for one in judged(alone, windows[: first + 1]))


def test_an_alarm_says_what_moved_and_where() -> None:
    world = World(seed=4)
    found = judged(Judge(world.reference), [world.shifted(1.0), world.shifted(1.0)])[-1]
    assert [one.feature for one in found.moved] == ["x2", TOGETHER]
    assert found.moved[1].leading[0] == "x2"
    moved = found.moved[0]
    assert moved.psi is not None
    assert moved.psi > 0.5
    assert moved.bins[0].label in ("bin 0", "bin 9")
    top = next(one for one in moved.bins if one.label == "bin 9")
    assert top.expected == pytest.approx(0.1, abs=0.02)
    assert top.observed > 0.25
    assert "x2 (PSI" in found.reason


def test_a_change_of_correlation_alone_is_seen_by_the_features_together() -> None:
    blind, seeing = World(seed=5), World(seed=5, multivariate=True)
    for world, expected in ((blind, None), (seeing, Alarm.SUDDEN)):
        windows = [world.window(rows_of(world.draw, 500, correlation=0.2)) for _ in range(3)]
        found = judged(Judge(world.reference), windows)[-1]
        assert found.alarm is expected
        if expected:
            assert [one.feature for one in found.moved] == [TOGETHER]


@pytest.mark.parametrize("multivariate", [False, True])
def test_drift_that_does_not_matter_is_not_alarmed_about(multivariate: bool) -> None:
    world = World(seed=6, multivariate=multivariate)
    windows = [world.shifted(0.2, 20_000) for _ in range(3)]
    assert judged(Judge(world.reference), windows)[-1].alarm is Alarm.SUDDEN
    tolerant = Judge(world.reference, Settings(least_psi=0.1))
    assert judged(tolerant, windows)[-1].verdict is DriftVerdict.NO_DRIFT
    large = [world.shifted(0.6, 20_000) for _ in range(2)]
    names = {one.feature for one in judged(tolerant, large)[-1].moved}
    assert names == {"x2", TOGETHER}


def test_a_state_goes_on_where_it_was_kept() -> None:
    world = World(seed=7, multivariate=True)
    windows = [world.shifted(0.1, at=f"{at:02}") for at in range(12)]
    whole = judged(Judge(world.reference), windows)
    state = judged(Judge(world.reference), windows[:6])[-1].state
    assert state is not None
    kept = json.dumps(state.document(), allow_nan=False)
    assert len(kept) < 20_000
    rest = judged(Judge(world.reference), windows[6:], parse_state(json.loads(kept)))
    expected = [(one.p_value, one.alarm, one.since) for one in whole[6:]]
    assert [(one.p_value, one.alarm, one.since) for one in rest] == expected


def test_a_state_of_another_baseline_is_left_behind() -> None:
    world, other = World(seed=8), World(seed=9)
    state = judged(Judge(other.reference), [other.shifted(1.0)])[-1].state
    assert state is not None
    assert state.run == 1
    found = Judge(world.reference).judge(world.shifted(1.0), state)
    assert found.alarm is None


@pytest.mark.parametrize("document", [{}, {"fingerprint": "f", "run": 0}, {"charts": [1]}])
def test_a_state_that_cannot_be_read_is_named(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="the state of the drift check can't be read"):
        parse_state(document)


def no_verdict(found: Judgement, why: NoVerdict, words: str) -> None:
    assert found.verdict is DriftVerdict.NO_VERDICT
    assert found.no_verdict is why
    assert words in found.reason
    assert found.alarm is None
    assert found.p_value is None


def test_what_cannot_be_judged_is_never_called_undrifted() -> None:
    world = World(seed=10)
    judge, window = Judge(world.reference), world.quiet()
    other = Cells(tuple(replace(one, name=one.name + "?") for one in world.cells.features))
    broken = window.sums.copy()
    broken[0] = np.nan
    for changed, why, words in (
        (replace(window, rows=0, sums=window.sums * 0), NoVerdict.EMPTY_WINDOW, "no rows"),
        (world.quiet(99), NoVerdict.TOO_FEW_ROWS, "99 rows are fewer than the 100"),
        (replace(window, model="other"), NoVerdict.OTHER_MODEL, "'other'"),
        (replace(window, version="8"), NoVerdict.OTHER_VERSION, "version '8'"),
        (replace(window, cells=other), NoVerdict.OTHER_SCHEMA, "not the baseline's"),
        (replace(window, sums=broken), NoVerdict.UNREADABLE_WINDOW, "not finite"),
        (replace(window, sums=-window.sums), NoVerdict.UNREADABLE_WINDOW, "negative"),
    ):
        no_verdict(judge.judge(changed), why, words)


def test_a_missing_baseline_gives_no_verdict() -> None:
    found = refusal(None, World().quiet(), 100)
    assert found is not None
    no_verdict(found, NoVerdict.NO_BASELINE, "'churn' has no baseline")


def _reference(lines: np.ndarray, *features: FeatureCells) -> tuple[Reference, Cells]:
    cells = Cells(features)
    made = reference_of(lines, np.ones(len(lines)), cells, model="m", version="1")
    return made, cells


def _window(sums: list[float], cells: Cells) -> Window:
    first = cells.features[0].bins
    return Window(rows=sum(sums[:first]), sums=np.array(sums), cells=cells, model="m", version="1")


def test_a_baseline_with_one_bin_gives_no_verdict() -> None:
    reference, cells = _reference(np.ones((200, 1)), FeatureCells(name="x", bins=1))
    found = Judge(reference).judge(_window([500], cells))
    no_verdict(found, NoVerdict.CONSTANT_BASELINE, "two bins")


def test_a_tiny_baseline_gives_no_verdict() -> None:
    reference, cells = _reference(np.eye(2)[np.arange(20) % 2], FeatureCells(name="x", bins=2))
    found = Judge(reference).judge(_window([250, 250], cells))
    no_verdict(found, NoVerdict.SMALL_BASELINE, "20 rows")


def test_a_window_that_fills_no_bin_gives_no_verdict() -> None:
    lines = np.eye(2)[np.arange(2_000) % 2]
    reference, cells = _reference(lines, FeatureCells(name="x", bins=2))
    found = Judge(reference, Settings(min_rows=1)).judge(_window([1, 1], cells))
    no_verdict(found, NoVerdict.TOO_FEW_ROWS, "fill no bin")


@pytest.mark.parametrize(
    ("sums", "alarm"),
    [
        ([0, 500, 0], None),
        ([0, 0, 500], Alarm.SUDDEN),
        ([500, 0, 0], Alarm.SUDDEN),
        ([0, 450, 50], Alarm.SUDDEN),
    ],
)
def test_a_constant_feature_that_leaves_its_value_is_seen(
    sums: list[float], alarm: Alarm | None
) -> None:
    """A constant has a bin on each side (drift.binning); a total shift gives finite numbers."""
    lines = np.tile([0.0, 1.0, 0.0], (1_000, 1))
    reference, cells = _reference(lines, FeatureCells(name="x", bins=3, ordered=3))
    found = judged(Judge(reference), [_window(sums, cells)] * 2)[-1]
    assert found.alarm is alarm
    assert found.p_value is not None
    assert np.isfinite(found.p_value)
    assert all(one.psi is not None and np.isfinite(one.psi) for one in found.moved)


def test_all_missing_is_a_total_shift_and_a_thousand_categories_are_no_trouble() -> None:
    draw = np.random.default_rng(11)
    missing = FeatureCells(name="x", bins=3, ordered=2, labels=("low", "high", "missing"))
    many = FeatureCells(name="shop", bins=1_000)
    shops = np.minimum(draw.zipf(1.5, 20_000), 1_000) - 1
    lines = np.hstack([np.eye(3)[draw.integers(2, size=20_000)], np.eye(1_000)[shops]])
    reference, cells = _reference(lines, missing, many)
    judge = Judge(reference, Settings(draws=2_000))
    quiet = [lines[draw.integers(20_000, size=2_000)].sum(axis=0) for _ in range(4)]
    windows = [_window(one.tolist(), cells) for one in quiet]
    assert [one.alarm for one in judged(judge, windows)] == [None] * 4
    gone = joined([[0, 0, 2_000], quiet[0][3:]], cells)
    found = judged(judge, [_window(gone.tolist(), cells)] * 2)[-1]
    assert found.moved[0].feature == "x"
    assert found.moved[0].bins[0].label == "missing"


@pytest.mark.parametrize(
    "wrong", [{"false_alarm_rate": 0.0}, {"confirm": 0}, {"memories": (1.0,)}, {"draws": 10}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        replace(QUARTERLY, **wrong)
