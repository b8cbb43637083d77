"""Evidence that is wrong in one way each, all else being good enough for promotion."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from contracts.run import Champion
from lambdas.gate.decision import Verdict, judge
from tests.unit.lambdas.examples import CHAMPION, METADATA, interval, request
from tests.unit.lambdas.gate_case import STRICT, against_champion, slice_score, whole

Evidence = dict[str, Any]
HUGE = 10**400


def put(path: str, value: Any) -> Callable[[Evidence], None]:
    """Replace what stands at ``path``, such as ``slices.0.gain.low``."""

    def change(document: Evidence) -> None:
        *places, last = path.split(".")
        table: Any = document
        for place in places:
            table = table[int(place)] if isinstance(table, list) else table[place]
        table[int(last) if isinstance(table, list) else last] = value

    return change


def without(path: str) -> Callable[[Evidence], None]:
    def change(document: Evidence) -> None:
        *places, last = path.split(".")
        table: Any = document
        for place in places:
            table = table[int(place)] if isinstance(table, list) else table[place]
        del table[int(last) if isinstance(table, list) else last]

    return change


def both(*changes: Callable[[Evidence], None]) -> Callable[[Evidence], None]:
    def change(document: Evidence) -> None:
        for one in changes:
            one(document)

    return change


def swapped_models(document: Evidence) -> None:
    document["candidate"], document["champion"] = document["champion"], document["candidate"]


def swapped_scores(document: Evidence) -> None:
    """The gain is of the wrong sign: the champion is the better one."""
    candidate, champion = document["candidate"], document["champion"]
    candidate["metrics"], champion["metrics"] = champion["metrics"], candidate["metrics"]


def swapped_slice_scores(document: Evidence) -> None:
    one = document["slices"][0]
    one["candidate"], one["champion"] = one["champion"], one["candidate"]


def same_model(document: Evidence) -> None:
    document["champion"] = deepcopy(document["candidate"])


def tied(document: Evidence) -> None:
    document["champion"]["metrics"] = dict(document["candidate"]["metrics"])
    document["gain"] = interval(0.0, low=0.0, high=0.0)


def tied_with_noise(document: Evidence) -> None:
    document["champion"]["metrics"] = dict(document["candidate"]["metrics"])
    document["gain"] = interval(0.0, low=-0.01, high=0.01)


def tied_but_says_better(document: Evidence) -> None:
    document["champion"]["metrics"] = dict(document["candidate"]["metrics"])


def more_slices(document: Evidence) -> None:
    document["slices"].append(slice_score("third"))


def slice_twice(document: Evidence) -> None:
    document["slices"].append(slice_score("new"))


def slice_renamed(document: Evidence) -> None:
    document["slices"][0]["name"] = "New"


CASES: dict[str, Callable[[Evidence], None]] = {
    # not a number
    "the score is NaN": put("candidate.metrics.auc", nan),
    "the score is infinite": put("candidate.metrics.auc", inf),
    "the score is minus infinite": put("candidate.metrics.auc", -inf),
    "the score is a text": put("candidate.metrics.auc", "0.77"),
    "the score is the text nan": put("candidate.metrics.auc", "nan"),
    "the score is a decimal": put("candidate.metrics.auc", Decimal("0.77")),
    "the score is a flag": put("candidate.metrics.auc", True),
    "the score is null": put("candidate.metrics.auc", None),
    "the score is a list": put("candidate.metrics.auc", [0.77]),
    "the score is huge": put("candidate.metrics.auc", HUGE),
    "the score is above one": put("candidate.metrics.auc", 1.7),
    "the score is below zero": put("candidate.metrics.auc", -0.77),
    "the score is missing": without("candidate.metrics.auc"),
    "the champion's score is NaN": put("champion.metrics.auc", nan),
    "the champion's score is missing": without("champion.metrics.auc"),
    "another figure is NaN": put("candidate.metrics.brier", nan),
    "the gain is NaN": put("gain.value", nan),
    "the gain's lower bound is NaN": put("gain.low", nan),
    "the gain's lower bound is infinite": put("gain.low", inf),
    "the gain's upper bound is infinite": put("gain.high", inf),
    "the gain's lower bound is a text": put("gain.low", "0.01"),
    "the gain's lower bound is a flag": put("gain.low", True),
    "the gain is huge": put("gain.value", HUGE),
    "the calibration is NaN": put("candidate.calibration_error", nan),
    "the calibration is below zero": put("candidate.calibration_error", -0.01),
    "the latency is NaN": put("candidate.latency_ms", nan),
    "the latency was not measured": put("candidate.latency_ms", 0.0),
    "the latency is minus nothing": put("candidate.latency_ms", -0.0),
    "the size is huge": put("candidate.artifact_bytes", HUGE),
    "the size is nothing": put("candidate.artifact_bytes", 0),
    "the size is a flag": put("candidate.artifact_bytes", True),
    # not enough
    "no rows": put("holdout.rows", 0),
    "one row": both(put("holdout.rows", 1), put("holdout.positives", 1)),
    "one row less than asked": put("holdout.rows", 499),
    "rows are a text": put("holdout.rows", "1000"),
    "rows have a fraction": put("holdout.rows", 1000.5),
    "rows are huge": put("holdout.rows", HUGE),
    "one class: positives": put("holdout.positives", 1000),
    "one class: negatives": put("holdout.positives", 0),
    "positives too few": put("holdout.positives", 49),
    "negatives too few": put("holdout.positives", 951),
    "more positives than rows": put("holdout.positives", 1001),
    "positives unknown": put("holdout.positives", None),
    "positives are a flag": put("holdout.positives", True),
    "resamples too few": put("gain.samples", 10),
    "resamples none": put("gain.samples", 0),
    # not better
    "tied": tied,
    "tied, within noise": tied_with_noise,
    "tied, and the gain says better": tied_but_says_better,
    "the minimum gain and no more": put("gain.low", 0.005),
    "no gain": put("gain.low", 0.0),
    "minus no gain": put("gain.low", -0.0),
    "worse": both(
        put("candidate.metrics.auc", 0.74), put("gain", interval(-0.01, low=-0.02, high=-0.005))
    ),
    "below the floor": both(
        put("candidate.metrics.auc", 0.59),
        put("champion.metrics.auc", 0.57),
    ),
    "badly calibrated": put("candidate.calibration_error", 0.3),
    "slow": put("candidate.latency_ms", 20.0),
    "large": put("candidate.artifact_bytes", 11 * 1024 * 1024),
    # not this comparison
    "the models are swapped": swapped_models,
    "the scores are swapped": swapped_scores,
    "the interval's ends are swapped": put("gain", interval(0.02, low=0.03, high=0.01)),
    "the candidate against itself": same_model,
    "the gain is of other scores": put("gain.value", 0.021),
    "the gain lies above its interval": put("gain.high", 0.015),
    "the gain lies below its interval": put("gain.low", 0.025),
    "the interval has no width": put("gain", interval(0.02, low=0.02, high=0.02)),
    "another confidence": put("gain.confidence", 0.5),
    "confidence as a share of a hundred": put("gain.confidence", 95),
    "another metric": put("metric", "brier"),
    "a metric that nobody knows": both(
        put("metric", "f1"),
        put("candidate.metrics.f1", 0.9),
        put("champion.metrics.f1", 0.8),
    ),
    "another run": put("run_id", "churn-dev-ffffffffffff"),
    "another day": put("as_of", "1997-06-30T00:00:00Z"),
    "a hold-out of the future": put("holdout.snapshot_date", "1997-06-15"),
    "a hold-out of no day": put("holdout.snapshot_date", "newest"),
    "another artifact": put("candidate.artifact_sha256", "9" * 64),
    "another manifest": put("candidate.manifest_sha256", "9" * 64),
    "another champion's artifact": put("champion.artifact_sha256", "9" * 64),
    "another champion's manifest": put("champion.manifest_sha256", "9" * 64),
    # not there
    "no champion": both(put("champion", None), put("gain", None), put("slices", [])),
    "no champion, but a gain": put("champion", None),
    "gain missing": put("gain", None),
    "no gain's lower bound": without("gain.low"),
    "no candidate": put("candidate", None),
    "no hold-out": without("holdout"),
    "no slices": put("slices", []),
    "slices are null": put("slices", None),
    "slices are a table": put("slices", {"new": slice_score("new"), "old": slice_score("old")}),
    # slices
    "a slice is worse": put("slices.1", slice_score("old", low=-0.05)),
    "a slice is worse by its tolerance": put("slices.0", slice_score("new", low=-0.01)),
    "a slice is missing": without("slices.0"),
    "a slice is renamed": slice_renamed,
    "a slice nobody asked for": more_slices,
    "a slice twice": slice_twice,
    "a slice with rows too few": put("slices.0.rows", 99),
    "a slice of more rows than the hold-out": put("slices.0.rows", 1001),
    "a slice without figures": put(
        "slices.0",
        {"name": "new", "rows": 300, "candidate": None, "champion": None, "gain": None},
    ),
    "a slice without a gain": put("slices.0.gain", None),
    "a slice whose gain is NaN": put("slices.0.gain.low", nan),
    "a slice whose scores are swapped": swapped_slice_scores,
    "a slice whose gain is of other scores": put("slices.0.gain.value", 0.03),
    "a slice whose interval has no width": put(
        "slices.0.gain", interval(0.02, low=0.02, high=0.02)
    ),
    "a slice of another confidence": put("slices.0.gain.confidence", 0.5),
    "a slice of fewer resamples": put("slices.0.gain.samples", 10),
}


def test_the_evidence_that_the_cases_spoil_is_good() -> None:
    assert len(CASES) > 40
    assert against_champion(whole(), STRICT).verdict is Verdict.APPROVED


@pytest.mark.parametrize("spoil", CASES.values(), ids=CASES.keys())
def test_no_spoilt_evidence_promotes(spoil: Callable[[Evidence], None]) -> None:
    document = whole()
    spoil(document)
    assert document != whole()

    judgement = against_champion(document, STRICT)

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason
    json.dumps(judgement.document(request(), "arn"), allow_nan=False)


@pytest.mark.parametrize("document", [None, [], "text", {}, 3, nan, True, [whole()]])
def test_what_is_no_evaluation_promotes_nobody(document: object) -> None:
    judgement = against_champion(document, STRICT)

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason.startswith("evaluation is not usable: ")


@pytest.mark.parametrize(
    ("admitted", "now"),
    [
        (CHAMPION, None),
        (None, CHAMPION),
        (None, None),
        (CHAMPION, replace(CHAMPION, version=2)),
        (CHAMPION, replace(CHAMPION, artifact_sha256="9" * 64)),
        (replace(CHAMPION, artifact_sha256="9" * 64), CHAMPION),
    ],
)
def test_evidence_against_a_champion_that_is_not_the_one_that_serves_promotes_nobody(
    admitted: Champion | None, now: Champion | None
) -> None:
    judgement = judge(whole(), request(champion=admitted), METADATA, STRICT, champion_now=now)

    assert judgement.verdict is Verdict.REJECTED


@pytest.mark.parametrize("name", ["artifact_sha256", "manifest_sha256"])
@pytest.mark.parametrize("value", ["9" * 64, "", None])
def test_a_package_of_other_bytes_is_not_promoted(name: str, value: Any) -> None:
    assert against_champion(whole(), STRICT, **{name: value}).verdict is Verdict.REJECTED
