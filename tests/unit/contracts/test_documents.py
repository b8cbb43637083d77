import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import moment
from contracts.artifact import Manifest, parse_manifest
from contracts.baseline import Baseline, FeatureBaseline, parse_baseline
from contracts.drift_report import DriftReport, DriftVerdict, FeatureDrift
from contracts.errors import ContractError
from contracts.evaluation import EvaluationReport, Gain, HoldOut, Score, parse_evaluation
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.profile import ColumnProfile, Profile, parse_profile
from contracts.run import Cause, CauseKind, Champion, Purpose, RunRequest, parse_request
from contracts.snapshot import Snapshot, SnapshotFile, parse_snapshot
from contracts.validation import (
    DatasetReport,
    FileReport,
    ValidationReport,
    Verdict,
    Violation,
    parse_report,
)

CHAMPION = Champion(
    model_package_arn="arn/1",
    version=1,
    model_data_url="s3://a/m",
    artifact_sha256="a",
    manifest_sha256="b",
    baseline_uri="s3://r/b",
    promoted_at="1997-05-01T00:00:00Z",
    deployment="churn-dev-v1-a",
)
REQUEST = RunRequest(
    run_id="churn-dev-1",
    model="churn",
    environment="dev",
    purpose=Purpose.RETRAIN,
    as_of=datetime(1997, 5, 1, tzinfo=UTC),
    cause=Cause(kind=CauseKind.DRIFT, id="1", detail="share 0.5"),
    fencing_token=7,
    image_uri="repo@sha256:1",
    image_digest="sha256:1",
    code_uri="s3://c/z",
    code_commit="unknown",
    champion=CHAMPION,
)
FILE = SnapshotFile(dataset="labels", key="k", version_id="v", sha256="s", size=0)
SNAPSHOT = Snapshot(
    model="churn", bucket="data", files=(FILE, replace(FILE, key="l")), schemas={"labels": "s"}
)
VIOLATION = Violation(rule="range", column=None, row=None, value=None, message="empty")
REPORT = ValidationReport(
    run_id="r",
    as_of="1997-05-01T00:00:00Z",
    snapshot_digest="d",
    stop_on_refused=False,
    files=(
        FileReport(
            dataset="labels",
            key="k",
            sha256="s",
            rows=0,
            first=None,
            last=None,
            refused=True,
            set_aside=(),
            violations=(VIOLATION,),
        ),
        FileReport(
            dataset="labels",
            key="l",
            sha256="s",
            rows=3,
            first=None,
            last="1997-03-01",
            refused=False,
            set_aside=(2,),
            violations=(),
        ),
    ),
    datasets=(DatasetReport(dataset="labels", rows=3, violations=()),),
)
SCORE = Score(
    artifact_uri="s3://a",
    artifact_sha256="a",
    manifest_sha256="m",
    artifact_bytes=9,
    metrics={"auc": 0.7},
    calibration_error=0.01,
    latency_ms=0.2,
)
EVALUATION = EvaluationReport(
    run_id="r",
    as_of="1997-05-01T00:00:00Z",
    metric="auc",
    holdout=HoldOut(rows=10, positives=0, snapshot_date="1997-03-01", sha256="h"),
    candidate=SCORE,
    champion=SCORE,
    gain=Gain(value=0.0, low=-0.1, high=0.1, confidence=0.95, samples=1000),
    slices=(),
)
SLICE = {
    "name": "new",
    "rows": 5,
    "candidate": 0.7,
    "champion": 0.6,
    "gain": {"value": 0.1, "low": 0.0, "high": 0.2, "confidence": 0.95, "samples": 1000},
}
BASELINE = Baseline(
    model="churn",
    run_id="r",
    snapshot_date="1997-03-01",
    rows=3,
    features=(FeatureBaseline(name="spend", cuts=(1.0,), counts=(1, 2), missing=0),),
)


PROFILE = Profile(
    run_id="r",
    files={"k": "s"},
    columns=(
        ColumnProfile(
            dataset="d", column="c", cuts=(1.5,), categories=(), counts=(1, 2), missing=0
        ),
        ColumnProfile(
            dataset="d", column="t", cuts=(), categories=("a",), counts=(1, 0), missing=2
        ),
    ),
)


@pytest.mark.parametrize(
    ("value", "parse"),
    [
        (REQUEST, parse_request),
        (replace(REQUEST, champion=None), parse_request),
        (SNAPSHOT, parse_snapshot),
        (REPORT, parse_report),
        (EVALUATION, parse_evaluation),
        (replace(EVALUATION, champion=None, gain=None), parse_evaluation),
        (BASELINE, parse_baseline),
        (PROFILE, parse_profile),
    ],
    ids=lambda value: type(value).__name__ if not callable(value) else "",
)
def test_a_document_comes_back_from_json_as_it_was(value: Any, parse: Any) -> None:
    assert parse(json.loads(json.dumps(value.document()))) == value


def test_a_snapshots_digest_is_of_the_bytes_and_not_of_their_versions() -> None:
    again = replace(SNAPSHOT, files=tuple(replace(file, version_id="w") for file in SNAPSHOT.files))
    other = replace(SNAPSHOT, files=(FILE, replace(FILE, key="l", sha256="t")))

    assert again.digest == SNAPSHOT.digest != other.digest
    assert SNAPSHOT.document()["digest"] == SNAPSHOT.digest


def test_a_report_is_rejected_when_a_dataset_broke_a_rule_or_the_card_stops_at_a_file() -> None:
    broken = replace(REPORT.datasets[0], violations=(VIOLATION,))

    assert [file.key for file in REPORT.refused] == ["k"]
    assert REPORT.verdict is Verdict.IN_PART
    assert replace(REPORT, stop_on_refused=True).verdict is Verdict.REJECTED
    assert replace(REPORT, datasets=(broken,)).verdict is Verdict.REJECTED
    assert replace(REPORT, files=REPORT.files[1:], stop_on_refused=True).verdict is Verdict.IN_PART
    whole = replace(REPORT, files=(replace(REPORT.files[1], set_aside=()),))
    assert whole.document()["verdict"] == "accepted"


def test_what_is_known_of_its_rows_makes_another_snapshot() -> None:
    known = {"rows": 3, "first": "1997-01-01", "last": "1997-02-01", "set_aside": (2,)}

    digests = {
        replace(SNAPSHOT, files=(replace(SNAPSHOT.files[0], **{name: value}),)).digest
        for name, value in known.items()
    }

    assert len({*digests, replace(SNAPSHOT, files=SNAPSHOT.files[:1]).digest}) == 5


def test_a_profile_with_another_number_of_bins_is_refused() -> None:
    with pytest.raises(ContractError, match=r"the profile of d\.c needs 2 counts, got 1"):
        replace(PROFILE.columns[0], counts=(1,))


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made = json.loads(json.dumps(document))
    *tables, name = path.split(".")
    table = made
    for key in tables:
        table = table[key]
    table[name] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "candidate.metrics.auc",
            float("inf"),
            "evaluation.candidate.metrics.auc must be a finite number, got inf",
        ),
        ("gain.low", None, "evaluation.gain.low must be a finite number, got None"),
        ("gain.low", 0.2, "evaluation.gain has a low bound 0.2 above the high 0.1"),
        ("gain", None, "evaluation must have champion and gain together or neither"),
        ("champion", None, "evaluation must have champion and gain together or neither"),
        ("metric", "f1", "evaluation.candidate.metrics lacks the judged metric 'f1'"),
        ("holdout.rows", 0, "evaluation.holdout.rows must be between 1 and 1000000000000, got 0"),
        ("holdout", [], "evaluation.holdout must be a table, got []"),
        ("holdout.positives", 11, "evaluation.holdout.positives must be between 0 and 10, got 11"),
        (
            "candidate.metrics.auc",
            1.01,
            "evaluation.candidate.metrics.auc must be between 0 and 1, got 1.01",
        ),
        (
            "candidate.metrics.rmse",
            -1,
            "evaluation.candidate.metrics.rmse must be between 0 and any, got -1",
        ),
        ("slices", [SLICE, SLICE], "evaluation.slices names one twice: ['new', 'new']"),
        (
            "slices",
            [{**SLICE, "gain": None}],
            "evaluation.slices[0] must have candidate, champion and gain or none of them",
        ),
        (
            "slices",
            [{**SLICE, "rows": 11}],
            "evaluation.slices[0].rows must be between 0 and 10, got 11",
        ),
        (
            "slices",
            [{**SLICE, "champion": 1.5}],
            "evaluation.slices[0].champion must be between 0 and 1, got 1.5",
        ),
    ],
)
def test_a_wrong_evaluation_is_refused_by_name(path: str, value: Any, message: str) -> None:
    with pytest.raises(ContractError) as error:
        parse_evaluation(changed(EVALUATION.document(), path, value))

    assert str(error.value) == message


def test_a_figure_beyond_what_a_float_holds_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match=r"latency_ms must be a finite number, got 1000"):
        parse_evaluation(changed(EVALUATION.document(), "candidate.latency_ms", 10**400))


def test_figures_of_slices_come_back_and_need_a_champion_to_be_compared_with() -> None:
    judged = changed(EVALUATION.document(), "slices", [SLICE])
    assert parse_evaluation(judged).document()["slices"] == (SLICE,)

    with pytest.raises(ContractError) as error:
        parse_evaluation({**judged, "champion": None, "gain": None})
    assert str(error.value) == (
        "evaluation.slices[0] compares with a champion, evaluation has none"
    )


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("fencing_token", 0, "request.fencing_token must be between 1 and any, got 0"),
        ("as_of", "1997-05-01", "request.as_of must name its offset (such as Z), got '1997-05-01'"),
        ("as_of", "May", "request.as_of must be an ISO 8601 time, got 'May'"),
        (
            "cause.kind",
            "whim",
            "request.cause.kind must be one of schedule, drift, new_data, person, got 'whim'",
        ),
        ("champion.version", "1", "request.champion.version must be a whole number, got '1'"),
        ("run_id", "", "request.run_id must be a text, got ''"),
    ],
)
def test_a_wrong_request_is_refused_by_name(path: str, value: Any, message: str) -> None:
    with pytest.raises(ContractError) as error:
        parse_request(changed(REQUEST.document(), path, value))

    assert str(error.value) == message


def test_a_baseline_with_too_few_counts_is_refused() -> None:
    with pytest.raises(ContractError) as error:
        FeatureBaseline(name="spend", cuts=(1.0, 2.0), counts=(1, 2), missing=0)

    assert str(error.value) == "feature 'spend' has 2 cuts and so needs 3 counts, got 2"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1", "baseline.features[0].cuts must be a list of numbers, got '1'"),
        (["a"], "baseline.features[0].cuts.0 must be a finite number, got 'a'"),
        ([float("nan")], "baseline.features[0].cuts.0 must be a finite number, got nan"),
    ],
)
def test_cuts_that_are_no_numbers_are_refused(value: Any, message: str) -> None:
    document = BASELINE.document()
    document["features"][0]["cuts"] = value

    with pytest.raises(ContractError) as error:
        parse_baseline(document)
    assert str(error.value) == message


def test_a_feature_without_cuts_is_refused() -> None:
    document = BASELINE.document()
    del document["features"][0]["cuts"]

    with pytest.raises(ContractError, match=r"^baseline\.features\[0\] lacks the field 'cuts'$"):
        parse_baseline(document)


def test_a_manifest_has_one_sha256_whatever_the_order_of_its_files() -> None:
    one, other = Manifest(files={"a": "1", "b": "2"}), Manifest(files={"b": "2", "a": "1"})

    assert one.sha256 == other.sha256
    assert parse_manifest(one.render()) == one
    with pytest.raises(ContractError, match=r"^manifest\.json is not JSON: "):
        parse_manifest(b"{")


def test_a_moment_is_written_in_utc_to_the_second() -> None:
    assert moment.render(moment.parse("1997-05-01T02:00:00.5+02:00")) == "1997-05-01T00:00:00Z"


def test_ledger_lines_sort_by_time_and_say_what_they_are() -> None:
    line = LedgerEntry(
        model="churn",
        at=datetime(1997, 5, 1, tzinfo=UTC),
        kind=LedgerKind.PROMOTED,
        subject="v1",
        summary="version 1 serves",
        details={"sha": "a"},
    )

    assert line.item() == {
        "model": "churn",
        "entry": "1997-05-01T00:00:00Z#promoted#v1",
        "at": "1997-05-01T00:00:00Z",
        "kind": "promoted",
        "subject": "v1",
        "summary": "version 1 serves",
        "details": {"sha": "a"},
    }


def test_a_drift_report_is_written_as_json() -> None:
    report = DriftReport(
        model="churn",
        version=None,
        window_start="a",
        window_end="b",
        rows=0,
        refused_records=0,
        verdict=DriftVerdict.NO_VERDICT,
        reason="none",
        drifted_share=None,
        features=(FeatureDrift(name="f", psi=0.1, threshold=0.2, drifted=False),),
    )

    assert json.loads(json.dumps(report.document()))["verdict"] == "no_verdict"
