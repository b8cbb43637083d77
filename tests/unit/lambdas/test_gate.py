import json
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from contracts.card import Approval, Task
from contracts.errors import ContractError
from contracts.run import Champion, Purpose, RunRequest
from lambdas.gate.decision import Verdict, judge, recorded
from tests.unit.lambdas import examples
from tests.unit.lambdas.examples import (
    CHAMPION,
    compared,
    evaluation,
    interval,
    request,
    score,
)
from tests.unit.lambdas.gate_case import (
    CARD,
    STRICT,
    against_champion,
    asked,
    asking,
    first,
    slice_score,
    whole,
)


def test_the_first_candidate_needs_only_the_floor() -> None:
    judgement = first(evaluation(0.75))

    assert judgement.verdict is Verdict.APPROVED
    assert judgement.reason == "auc 0.7500, no champion to beat"


def test_the_floor_itself_is_enough() -> None:
    assert first(evaluation(0.60)).verdict is Verdict.APPROVED


def test_a_candidate_below_the_floor_is_rejected() -> None:
    judgement = first(evaluation(0.59))

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason == "auc floor is 0.59, must be >= 0.6"


def test_a_better_candidate_replaces_the_champion() -> None:
    judgement = against_champion(compared(low=0.001))

    assert judgement.verdict is Verdict.APPROVED
    assert judgement.reason == (
        "auc 0.7700, gain +0.0200 [+0.0010, +0.0300] at 95% over the champion"
    )


@pytest.mark.parametrize("low", [0.0, -0.0, -0.01])
def test_equal_is_not_better(low: float) -> None:
    judgement = against_champion(compared(low=low))

    assert judgement.verdict is Verdict.REJECTED
    assert "auc gain, lower bound is" in judgement.reason
    assert judgement.reason.endswith("must be > +0.000000")


@pytest.mark.parametrize("figure", [nan, inf, -inf, None, "0.9", True, [], {}])
def test_what_is_no_finite_number_never_passes(figure: Any) -> None:
    broken = [
        (first, evaluation(figure)),
        (against_champion, compared(low=figure)),
        (against_champion, compared(value=figure)),
        (against_champion, compared(high=figure)),
    ]
    for ask, document in broken:
        judgement = ask(document)
        assert judgement.verdict is Verdict.REJECTED
        assert judgement.reason.startswith("evaluation is not usable: ")


def test_a_number_that_is_not_finite_is_named() -> None:
    assert first(evaluation(nan)).reason == (
        "evaluation is not usable: "
        "evaluation.candidate.metrics.auc must be a finite number, got nan"
    )


def test_a_missing_metric_is_named() -> None:
    document = evaluation()
    document["candidate"]["metrics"] = {"brier": 0.1}

    assert first(document).reason == (
        "evaluation is not usable: evaluation.candidate.metrics lacks the judged metric 'auc'"
    )


@pytest.mark.parametrize("document", [None, [], "text", {}, 3])
def test_no_evaluation_at_all_rejects(document: object) -> None:
    assert first(document).verdict is Verdict.REJECTED


@pytest.mark.parametrize(
    ("ask", "document", "broken"),
    [
        pytest.param(
            request(), evaluation(run_id="another"), "run is another", id="another run's evaluation"
        ),
        pytest.param(
            request(),
            evaluation(candidate=score("9" * 64, 0.75)),
            f"candidate artifact is {'9' * 64}",
            id="another artifact",
        ),
        pytest.param(
            request(),
            evaluation(candidate=score("a" * 64, 0.75, manifest="9" * 64)),
            f"candidate manifest is {'9' * 64}",
            id="another manifest",
        ),
        pytest.param(request(), evaluation(metric="brier"), "metric is brier", id="another metric"),
        pytest.param(
            request(champion=CHAMPION), evaluation(), "champion artifact is none", id="no champion"
        ),
        pytest.param(
            request(),
            compared(),
            f"champion artifact is {CHAMPION.artifact_sha256}, must be none",
            id="unasked champion",
        ),
        pytest.param(
            request(champion=replace(CHAMPION, artifact_sha256="8" * 64)),
            compared(),
            f"champion artifact is {CHAMPION.artifact_sha256}",
            id="another champion",
        ),
    ],
)
def test_an_evaluation_of_something_else_rejects(
    ask: RunRequest, document: object, broken: str
) -> None:
    judgement = asked(ask, document)

    assert judgement.verdict is Verdict.REJECTED
    assert broken in judgement.reason


def test_a_package_that_names_no_artifact_rejects() -> None:
    judgement = judge(evaluation(), request(), {}, CARD, champion_now=None)

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason == (
        f"candidate artifact is {'a' * 64}, must be none; "
        f"candidate manifest is {'b' * 64}, must be none"
    )


def test_an_interval_of_another_confidence_rejects() -> None:
    document = compared()
    document["gain"]["confidence"] = 0.5

    assert "confidence is 0.5, must be = 0.95" in against_champion(document).reason


@pytest.mark.parametrize(
    ("rows", "positives", "broken"),
    [
        (499, 200, "hold-out rows is 499, must be >= 500"),
        (1000, 49, "hold-out positives is 49, must be >= 50"),
        (1000, 951, "hold-out negatives is 49, must be >= 50"),
    ],
)
def test_thin_evidence_rejects(rows: int, positives: int, broken: str) -> None:
    document = evaluation()
    document["holdout"] |= {"rows": rows, "positives": positives}

    assert first(document).reason == broken


def test_every_broken_criterion_is_named() -> None:
    judgement = against_champion(
        {**compared(low=-0.5), "run_id": "other"}, artifact_sha256="7" * 64
    )

    assert judgement.reason.count("must be") == 3
    assert [one.name for one in judgement.criteria if not one.passed] == [
        "run",
        "candidate artifact",
        "auc gain, lower bound",
    ]


def test_a_person_decides_where_the_card_says_so() -> None:
    card = replace(CARD, gate=replace(CARD.gate, approval=Approval.PERSON))

    judgement = first(evaluation(), card)

    assert judgement.verdict is Verdict.PENDING
    assert judgement.reason == "a person decides: auc 0.7500, no champion to beat"
    assert first(evaluation(0.1), card).verdict is Verdict.REJECTED


def test_a_candidate_that_meets_everything_asked_is_approved() -> None:
    judgement = against_champion(whole(), STRICT)

    assert judgement.verdict is Verdict.APPROVED
    assert all(one.passed for one in judgement.criteria)


def test_every_criterion_is_named_once_with_its_value_and_bound() -> None:
    criteria = against_champion(whole(), STRICT).criteria

    named = {one.name: (one.value, one.bound) for one in criteria}
    assert len(named) == len(criteria)
    assert named == {
        "run": ("churn-dev-0123456789ab", "= churn-dev-0123456789ab"),
        "as of": ("1997-07-01T00:00:00Z", "= 1997-07-01T00:00:00Z"),
        "metric": ("auc", "= auc"),
        "hold-out date": ("1997-05-01", "60 days or more before 1997-07-01"),
        "candidate artifact": ("a" * 64, f"= {'a' * 64}"),
        "candidate manifest": ("b" * 64, f"= {'b' * 64}"),
        "champion artifact": ("c" * 64, f"= {'c' * 64}"),
        "champion manifest": ("d" * 64, f"= {'d' * 64}"),
        "champion that serves now": (
            f"version 1 with artifact {'c' * 64}",
            f"= version 1 with artifact {'c' * 64}",
        ),
        "hold-out rows": ("1000", ">= 500"),
        "hold-out positives": ("400", ">= 50"),
        "hold-out negatives": ("600", ">= 50"),
        "auc floor": ("0.77", ">= 0.6"),
        "calibration error": ("0.02", "<= 0.05"),
        "latency ms": ("0.3", "> 0 and <= 2"),
        "artifact MiB": ("1.90734863", "<= 10"),
        "auc gain": ("+0.020000000", "the difference of both scores, +0.020000000"),
        "auc gain, interval": (
            "[+0.010000000, +0.030000000]",
            "around +0.020000000, and wider than nothing",
        ),
        "auc gain, confidence": ("0.95", "= 0.95"),
        "auc gain, resamples": ("1000", "= 1000"),
        "auc gain, lower bound": ("+0.010000", "> +0.005000"),
        "slices": ("new, old", "= new, old"),
        **of_slice("new"),
        **of_slice("old"),
    }


def of_slice(name: str) -> dict[str, tuple[str, str]]:
    return {
        f"slice {name}, rows": ("300", ">= 100"),
        f"slice {name} gain": ("+0.020000000", "the difference of both scores, +0.020000000"),
        f"slice {name} gain, interval": (
            "[-0.005000000, +0.050000000]",
            "around +0.020000000, and wider than nothing",
        ),
        f"slice {name} gain, confidence": ("0.95", "= 0.95"),
        f"slice {name} gain, resamples": ("1000", "= 1000"),
        f"slice {name}, gain's lower bound": ("-0.005000", "> -0.010000"),
    }


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"calibration_error": 0.05}, True),
        ({"calibration_error": 0.0501}, False),
        ({"latency_ms": 2.0}, True),
        ({"latency_ms": 2.01}, False),
        ({"latency_ms": 0.0}, False),
        ({"artifact_bytes": 10 * 1024 * 1024}, True),
        ({"artifact_bytes": 10 * 1024 * 1024 + 1}, False),
        ({"artifact_bytes": 1}, True),
    ],
)
def test_the_bound_itself_is_allowed_and_no_more(changed: dict[str, Any], outcome: bool) -> None:
    document = evaluation(slices=[slice_score("new"), slice_score("old")])
    for one in document["slices"]:
        one.update(champion=None, gain=None)
    document["candidate"] |= changed

    judgement = first(document, STRICT)

    assert (judgement.verdict is Verdict.APPROVED) is outcome
    assert outcome or judgement.reason.count("must be") == 1


def test_the_first_model_is_compared_with_nobody() -> None:
    document = evaluation(slices=[slice_score("new", rows=3), slice_score("old", rows=0)])
    for one in document["slices"]:
        one.update(candidate=None, champion=None, gain=None)

    judgement = first(document, STRICT)

    assert judgement.verdict is Verdict.APPROVED
    names = [one.name for one in judgement.criteria]
    assert not [name for name in names if "gain" in name or name.startswith("slice ")]


def test_a_first_model_whose_slices_were_not_looked_at_is_rejected() -> None:
    assert first(evaluation(), STRICT).reason == "slices is none, must be = new, old"


@pytest.mark.parametrize("low", [-0.01, -0.02])
def test_a_slice_may_not_get_worse_by_its_tolerance(low: float) -> None:
    document = whole()
    document["slices"][1] = slice_score("old", low=low)

    judgement = against_champion(document, STRICT)

    assert judgement.verdict is Verdict.REJECTED
    assert judgement.reason == (f"slice old, gain's lower bound is {low:+.6f}, must be > -0.010000")


def test_a_slice_of_as_many_rows_as_asked_counts() -> None:
    document = whole()
    document["slices"][0]["rows"] = 100
    assert against_champion(document, STRICT).verdict is Verdict.APPROVED

    document["slices"][0]["rows"] = 99
    assert against_champion(document, STRICT).reason == "slice new, rows is 99, must be >= 100"


def test_a_slice_with_rows_too_few_for_figures_is_named() -> None:
    document = whole()
    document["slices"][0] = {
        "name": "new",
        "rows": 12,
        "candidate": None,
        "champion": None,
        "gain": None,
    }

    assert against_champion(document, STRICT).reason == (
        "slice new, rows is 12, must be >= 100; "
        "slice new, gain's lower bound is none, must be > -0.010000"
    )


def errors_of(candidate: float, champion: float, low: float) -> dict[str, Any]:
    """Evidence of a regression, by RMSE."""
    document = compared(low=low, value=champion - candidate, high=champion - candidate + 1)
    document["metric"] = "rmse"
    document["holdout"]["positives"] = None
    document["candidate"]["metrics"] = {"rmse": candidate, "mae": 1.0}
    document["champion"]["metrics"] = {"rmse": champion, "mae": 1.0}
    return document


REGRESSION = replace(
    asking(limit=80.0, min_gain=1.0),
    task=Task.REGRESSION,
    evaluation=replace(CARD.evaluation, metric="rmse"),
)


def test_an_error_must_fall_where_a_score_must_rise() -> None:
    assert against_champion(errors_of(70, 75, low=2), REGRESSION).verdict is Verdict.APPROVED
    worse = against_champion(errors_of(75, 70, low=-7), REGRESSION)
    assert worse.reason == "rmse gain, lower bound is -7.000000, must be > +1.000000"


def test_an_error_has_a_ceiling() -> None:
    judgement = against_champion(errors_of(80.1, 95, low=10), REGRESSION)

    assert judgement.reason == "rmse ceiling is 80.1, must be <= 80"
    assert against_champion(errors_of(80, 95, low=10), REGRESSION).verdict is Verdict.APPROVED


def test_only_a_classifier_has_positives() -> None:
    document = errors_of(70, 75, low=2)
    document["holdout"]["positives"] = 400

    assert against_champion(document, REGRESSION).reason == (
        "hold-out positives is 400, must be none"
    )
    unknown = evaluation()
    unknown["holdout"]["positives"] = None
    assert first(unknown).reason == (
        "hold-out positives is none, must be >= 50; hold-out negatives is none, must be >= 50"
    )


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(replace(CHAMPION, version=2), id="another version"),
        pytest.param(replace(CHAMPION, artifact_sha256="5" * 64), id="another artifact"),
    ],
)
def test_a_champion_that_changed_since_admission_rejects(now: Champion) -> None:
    judgement = asked(request(champion=CHAMPION), compared(), now)

    assert judgement.reason == (
        f"champion that serves now is version {now.version} with artifact {now.artifact_sha256}, "
        f"must be = version 1 with artifact {'c' * 64}"
    )


def test_a_champion_that_came_or_went_since_admission_rejects() -> None:
    came = asked(request(), evaluation(), CHAMPION)
    went = judge(compared(), request(champion=CHAMPION), examples.METADATA, CARD, champion_now=None)

    assert came.verdict is went.verdict is Verdict.REJECTED
    assert came.reason.endswith("must be none")
    assert went.reason.startswith("champion that serves now is none, must be = version 1")


@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("1997-05-02", True),
        ("1997-05-03", False),
        ("1997-07-01", False),
        ("2024-01-01", False),
        ("soon", False),
    ],
)
def test_a_holdout_whose_labels_were_not_known_yet_rejects(day: str, known: bool) -> None:
    document = evaluation()
    document["holdout"]["snapshot_date"] = day

    judgement = first(document)

    (dated,) = (one for one in judgement.criteria if one.name == "hold-out date")
    assert dated.passed is known
    assert (judgement.verdict is Verdict.APPROVED) is known
    assert known or judgement.reason == (
        f"hold-out date is {day}, must be 60 days or more before 1997-07-01"
    )


def test_a_backfill_is_judged_as_a_retraining_is() -> None:
    again = replace(request(champion=CHAMPION), purpose=Purpose.BACKFILL)

    assert asked(again, compared()) == against_champion(compared())
    assert asked(again, compared(low=0.0)) == against_champion(compared(low=0.0))


@pytest.mark.parametrize(
    ("value", "fits"), [(0.02, True), (0.0199999, False), (-0.02, False), (0.0, False)]
)
def test_a_gain_is_the_difference_of_the_scores(value: float, fits: bool) -> None:
    document = compared()
    document["gain"] = interval(value, low=min(0.01, value), high=0.03)

    named = {one.name: one for one in against_champion(document).criteria}

    assert named["auc gain"].passed is fits


@pytest.mark.parametrize(("low", "high"), [(0.021, 0.03), (0.01, 0.019), (0.02, 0.02)])
def test_an_interval_holds_its_gain_and_has_a_width(low: float, high: float) -> None:
    judgement = against_champion(compared(low=low, high=high))

    assert judgement.reason == (
        f"auc gain, interval is [{low:+.9f}, {high:+.9f}], "
        "must be around +0.020000000, and wider than nothing"
    )


def test_an_interval_of_fewer_resamples_rejects() -> None:
    document = compared()
    document["gain"]["samples"] = 10

    assert against_champion(document).reason == ("auc gain, resamples is 10, must be = 1000")


def test_differences_of_rounding_are_none() -> None:
    document = compared(low=0.02 + 5e-10, high=0.03, value=0.02 - 4e-10)
    assert against_champion(document).verdict is Verdict.APPROVED
    document = compared(low=0.01, high=0.02 - 5e-10, value=0.02)
    assert against_champion(document).verdict is Verdict.APPROVED


def test_a_score_that_is_not_there_makes_no_difference() -> None:
    document = compared()
    document["metric"] = "brier"
    del document["candidate"]["metrics"]["auc"]

    named = {one.name: one for one in against_champion(document).criteria}

    assert named["auc floor"].value == "none"
    assert named["auc gain"].bound == "the difference of both scores, unknown"
    assert named["auc gain"].passed is False


def test_evidence_that_cannot_be_read_has_no_criteria() -> None:
    assert first(None).criteria == ()


def test_a_verdict_says_what_it_is_about_and_comes_back_as_it_was() -> None:
    judgement = against_champion(compared(low=0.0))

    document = json.loads(json.dumps(judgement.document(request(), "arn:package/2")))

    assert document["run_id"] == "churn-dev-0123456789ab"
    assert document["model_package_arn"] == "arn:package/2"
    assert document["as_of"] == "1997-07-01T00:00:00Z"
    assert document["verdict"] == "rejected"
    assert recorded(document) == judgement


def test_a_verdict_that_was_changed_to_something_else_is_refused_by_name() -> None:
    document = json.loads(json.dumps(first(evaluation()).document(request(), "arn")))
    missing = [{"name": "run", "value": "a", "bound": "= a"}]

    for changed, message in (
        ({"verdict": "promoted"}, r"verdict\.verdict must be one of approved, rejected, pending"),
        ({"reason": None}, r"verdict\.reason must be a text"),
        ({"criteria": "all"}, r"verdict\.criteria must be a list of tables"),
        ({"criteria": missing}, r"verdict\.criteria\[0\] lacks the field 'passed'"),
    ):
        with pytest.raises(ContractError, match=message):
            recorded({**document, **changed})
    with pytest.raises(ContractError, match="verdict must be a table, got None"):
        recorded(None)


def test_a_candidate_that_answers_as_the_champion_does_gains_nothing() -> None:
    document = compared()
    document["champion"]["metrics"] = document["candidate"]["metrics"]
    document["gain"] = interval(0.0, low=0.0, high=0.0)

    assert against_champion(document).reason == (
        "auc gain, lower bound is +0.000000, must be > +0.000000"
    )


def test_a_slice_in_which_both_answer_alike_did_not_get_worse() -> None:
    document = whole()
    document["slices"][0] |= {"champion": 0.72, "gain": interval(0.0, low=0.0, high=0.0)}

    assert against_champion(document, STRICT).verdict is Verdict.APPROVED


@pytest.mark.parametrize(("low", "high"), [(0.0, 1e-10), (-1e-10, 0.0)])
def test_an_interval_of_nothing_around_nothing_may_be_of_rounding(low: float, high: float) -> None:
    document = whole()
    document["slices"][0] |= {"champion": 0.72, "gain": interval(0.0, low=low, high=high)}

    assert against_champion(document, STRICT).verdict is Verdict.APPROVED
