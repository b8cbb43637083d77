"""A verdict is fallen or held; where nothing can be said, it is why."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from contracts.evaluation import parse_evaluation
from contracts.quality import Task
from contracts.quality_report import QualityVerdict, Silence
from contracts.reading import Table
from quality.answers import AnswerFate
from quality.past import (
    ALL,
    KEPT_WINDOWS,
    Past,
    estimates_document,
    parse_estimates,
    promises_of,
)
from quality.verdict import Judgement, judge
from quality.window import Window, window_of
from tests.unit.quality.cases import BINARY, joined, quality

CARD = quality(min_rows=300, false_alarm_rate=0.002)


def window(
    seed: int,
    *,
    rows: int = 2000,
    skill: float = 2.0,
    low: float | None = None,
    unlabelled: int = 0,
) -> Window:
    """Half of the rows are in the slice ``new``; ``low`` is the skill there when it is another."""
    draw = np.random.default_rng(seed)
    labels = (draw.random(rows) < 0.4).astype(float)
    new = np.arange(rows) % 2 == 0
    strength = np.where(new, skill if low is None else low, skill)
    scores = 1 / (1 + np.exp(-(strength * (labels - 0.5) + draw.normal(size=rows))))
    return window_of(
        BINARY, CARD, joined(labels, scores, slices=new, unlabelled=unlabelled), ["new"]
    )


def steady(count: int) -> Past:
    past = Past()
    for seed in range(count):
        past = past.followed_by(judge(BINARY, CARD, window(seed), past).estimates)
    return past


def after(past: Past, *windows: Window) -> Judgement:
    judgement = None
    for one in windows:
        judgement = judge(BINARY, CARD, one, past)
        past = past.followed_by(judgement.estimates)
    assert judgement is not None
    return judgement


def test_a_steady_version_has_held() -> None:
    found = after(steady(6), window(50))

    assert (found.verdict, found.silence) == (QualityVerdict.HELD, None)
    assert found.reason.startswith("auc is 0.9")
    assert {one.subject for one in found.comparisons} == {ALL, "new"}
    auc = next(one for one in found.figures if one.metric == "auc")
    assert auc.low < auc.value < auc.high
    assert [one.metric for one in found.figures] == ["auc", "log_loss", "brier", "accuracy", "f1"]


def test_a_version_that_answers_worse_has_fallen_and_why_is_said() -> None:
    found = after(steady(6), window(50, skill=1.2), window(51, skill=1.2))

    assert found.verdict is QualityVerdict.FALLEN
    assert found.reason.startswith("fallen: auc of ")
    assert "earlier windows" in found.reason


def test_a_slice_that_fell_is_found_though_the_whole_hardly_did() -> None:
    bad = [window(seed, low=1.1) for seed in (50, 51, 52)]
    found = after(steady(8), *bad)

    assert found.verdict is QualityVerdict.FALLEN
    assert "auc of new is" in found.reason


def test_a_promise_is_held_against_the_newest_windows() -> None:
    promised = promises_of(parse_evaluation(evaluation(0.97)), "auc")
    found = after(Past(promises=promised), window(1), window(2))

    assert found.verdict is QualityVerdict.FALLEN
    assert "0.97 of the gate's promise" in found.reason


def evaluation(auc: float) -> dict:
    score = {
        "artifact_uri": "u",
        "artifact_sha256": "a",
        "manifest_sha256": "m",
        "artifact_bytes": 1,
        "metrics": {"auc": auc, "brier": 0.2},
        "calibration_error": 0.01,
        "latency_ms": 1.0,
    }
    return {
        "run_id": "r",
        "as_of": "t",
        "metric": "auc",
        "holdout": {"rows": 4000, "positives": 2000, "snapshot_date": "d", "sha256": "s"},
        "candidate": score,
        "champion": None,
        "gain": None,
        "slices": [
            {"name": "new", "rows": 1000, "candidate": 0.9, "champion": None, "gain": None},
            {"name": "few", "rows": 3, "candidate": None, "champion": None, "gain": None},
        ],
    }


def test_what_the_gate_saw_is_the_promise() -> None:
    report = parse_evaluation(evaluation(0.9))

    promised = promises_of(report, "auc")
    assert {name: (one.value, one.weight) for name, one in promised.items()} == {
        ALL: (0.9, 1000.0),
        "new": (0.9, 250.0),
    }
    assert list(promises_of(report, "brier")) == [ALL]
    assert promises_of(report, "accuracy") == {}


def test_with_nothing_to_compare_there_is_no_verdict_but_a_first_window_to_compare_with() -> None:
    found = judge(BINARY, CARD, window(1), Past())

    assert (found.verdict, found.silence) == (QualityVerdict.NO_VERDICT, Silence.NO_REFERENCE)
    assert ALL in found.estimates


def empty(**fates: int) -> Window:
    made = window(1, rows=0)
    answers = Counter({AnswerFate(name): count for name, count in fates.items()})
    return replace(made, fates=replace(made.fates, answers=answers))


@pytest.mark.parametrize(
    ("seen", "silence", "reason"),
    [
        (empty(elsewhere=3), Silence.NO_ANSWERS, "nobody asked in this window"),
        (empty(open=7), Silence.LABELS_OPEN, "the labels of all 7 answers may still come"),
        (empty(unlabelled=9), Silence.NO_LABELS, "none of 9 answers has a label"),
        (
            window(1, rows=700, unlabelled=300),
            Silence.LOW_COVERAGE,
            "700 of 1000 answers have a label, 70.0% where 80.0% are needed: those that have one "
            "may be unlike the rest",
        ),
        (
            window(1, rows=299),
            Silence.TOO_FEW_ROWS,
            "299 labelled answers are fewer than the 300 a verdict needs",
        ),
        (
            window_of(BINARY, CARD, joined([0.0] * 390 + [1.0] * 10, [0.5] * 400), ["new"]),
            Silence.ONE_CLASS,
            "10 positives and 390 negatives: 25 of each are needed",
        ),
        (
            window_of(
                BINARY, CARD, joined([0.0, 1.0] * 200, [0.5] * 400, ["a", "b"] * 200), ["new"]
            ),
            Silence.TOO_FEW_UNITS,
            "the labelled answers are of 2 units that differ; 20 are needed to know how sure auc "
            "is",
        ),
    ],
    ids=lambda each: str(each) if isinstance(each, Silence) else "",
)
def test_what_cannot_be_judged_says_why_and_is_no_example(
    seen: Window, silence: Silence, reason: str
) -> None:
    found = judge(BINARY, CARD, seen, steady(2))

    assert (found.verdict, found.silence) == (QualityVerdict.NO_VERDICT, silence)
    assert found.reason == reason
    assert (found.estimates, found.comparisons) == ({}, ())


def test_labels_that_say_nothing_of_the_metric_give_no_verdict() -> None:
    card = quality(metric="mape", min_rows=50)
    seen = window_of(Task.REGRESSION, card, joined([0.0] * 100, [1.0] * 100), [])

    found = judge(Task.REGRESSION, card, seen, Past())

    assert found.silence is Silence.UNMEASURABLE
    assert found.reason == "the labelled answers say nothing of mape"


def test_a_windows_estimates_are_written_and_read_again() -> None:
    made = judge(BINARY, CARD, window(1), Past()).estimates
    written = json.loads(json.dumps(estimates_document(made)))
    assert parse_estimates(Table.of(written, "window")) == made


def test_a_past_does_not_grow_for_ever() -> None:
    past = steady(3)

    for _ in range(KEPT_WINDOWS + 5):
        past = past.followed_by({ALL: past.windows[ALL][0]})
    assert len(past.windows[ALL]) == KEPT_WINDOWS
    assert len(past.windows["new"]) == 3


@pytest.mark.slow
def test_real_rows_of_a_steady_version_alarm_no_more_often_than_asked() -> None:
    """From rows to verdict, whole and slice, against a promise made on a hold-out as large.

    A check in ten may be a false alarm here, so that few versions show how many are.
    """
    card, rate = replace(CARD, false_alarm_rate=0.1, min_rows=100), 0.1
    alarms = []
    for version in range(200):
        draw = np.random.default_rng(version)
        holdout = _rows(draw)
        auc = holdout.tally.estimate("auc")
        assert auc is not None
        document = evaluation(auc.value)
        document["holdout"].update(rows=600, positives=holdout.tally.ones)
        document["slices"] = []
        past = Past(promises=promises_of(parse_evaluation(document), "auc"))
        for _ in range(8):
            found = judge(BINARY, card, _rows(draw), past)
            past = past.followed_by(found.estimates)
            alarms.append(found.verdict is QualityVerdict.FALLEN)
    assert 0.1 * rate < np.mean(alarms) <= rate


def _rows(draw: np.random.Generator, rows: int = 600) -> Window:
    labels = (draw.random(rows) < 0.4).astype(float)
    scores = np.round(1 / (1 + np.exp(-(labels + draw.normal(size=rows)))), 3)
    slices = draw.integers(0, 2, rows)
    units = draw.integers(0, 10**9, rows)
    return window_of(BINARY, CARD, joined(labels, scores, units, slices=slices), ["new"])
