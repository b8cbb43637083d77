"""Answers and the labels that came of them, from captures and label files to a verdict."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts import metrics, moment, state
from contracts.baseline import Baseline, FeatureBaseline
from contracts.card import QualitySlice
from contracts.quality_report import QualityVerdict
from contracts.run import Champion
from lambdas.adapters.captures import Captures
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.quality_check.check import QualityCheck
from lambdas.quality_check.figures import Figures
from lambdas.quality_check.memory import Versions, Watermark
from lambdas.quality_check.scores import AnswerUnreadable, scores_of
from lambdas.quality_check.truth import LabelUnreadable, Truth, read_label
from tests.unit.lambdas.examples import CARD, CHAMPION, evaluation

PROMOTED = moment.parse(CHAMPION.promoted_at)
DAY = timedelta(days=1)
DUE = timedelta(days=CARD.label_window_days, hours=CARD.quality.lateness_hours)
NAMES = [feature.name for feature in CARD.features]
FOLDER = CHAMPION.baseline_uri.removeprefix("s3://reports/").rpartition("/")[0]


class FakeCloudWatch:
    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []

    def put_metric_data(self, **asked: Any) -> None:
        assert asked["Namespace"] == "Perennial"
        self.data += asked["MetricData"]

    def values(self, name: str) -> list[float]:
        return [datum["Value"] for datum in self.data if datum["MetricName"] == name]


class Watch:
    def __init__(
        self, s3: Any, documents: Documents, state_table: StateTable, ledger: Ledger, table: Any
    ) -> None:
        self.s3, self.documents, self.state, self._table = s3, documents, state_table, table
        self.cloudwatch = FakeCloudWatch()
        self.champion = ChampionPointer(state_table, "churn")
        self.check = QualityCheck(
            card=CARD,
            reports_bucket="reports",
            champion=self.champion,
            watermark=Watermark(state_table, "churn"),
            versions=Versions(documents, bucket="reports", model="churn"),
            captures=Captures(s3, bucket="captures", model="churn", endpoint="churn-dev"),
            truth=Truth(s3, bucket="data", model="churn"),
            documents=documents,
            figures=Figures(self.cloudwatch, environment="dev"),
            ledger=ledger,
        )
        self._file = 0

    def promote(self, champion: Champion = CHAMPION, *, auc: float = 0.93) -> None:
        document = evaluation(auc)
        document["holdout"].update(rows=4000, positives=1600)
        self.documents.write("reports", f"{FOLDER}/evaluation.json", render(document))
        self.champion.move(champion, token=1)

    def set(self, **changes: Any) -> None:
        self.check = replace(
            self.check, card=replace(CARD, quality=replace(CARD.quality, **changes))
        )

    def day(
        self, number: int, *, rows: int = 800, skill: float = 1.5, labelled: float = 1.0, v: int = 1
    ) -> None:
        """Answers of one day after the promotion, and their labels two months later."""
        draw, at = random.Random(number), PROMOTED + DAY * (number + 0.5)
        records, labels = [], []
        for row in range(rows):
            id, true = f"{number}-{row}", draw.random() < 0.4
            score = 1 / (1 + 2.718 ** -(skill * (2 * true - 1) * 0.5 + draw.gauss(0, 0.7)))
            records.append(record(id, at, [score], version=v))
            if draw.random() < labelled:
                labels.append(label(id, str(int(true))))
        self.put_captures(at, records)
        self.put_labels(at + DAY * 60, labels)

    def put_captures(self, at: datetime, lines: list[bytes]) -> None:
        self._file += 1
        hour = f"{at.astimezone(UTC):%Y/%m/%d/%H}"
        key = f"churn/churn-dev/live/{hour}/{self._file}.jsonl"
        self.s3.put_object(Bucket="captures", Key=key, Body=b"\n".join(lines) + b"\n")

    def put_labels(self, at: datetime, lines: list[bytes]) -> None:
        self._file += 1
        key = f"churn/truth/{at.astimezone(UTC):%Y/%m/%d/%H}/{self._file}.jsonl"
        self.s3.put_object(Bucket="data", Key=key, Body=b"\n".join(lines))

    def run(self, until: int) -> dict[str, Any]:
        """The check as of which all answers of the first ``until`` days are due."""
        self.cloudwatch.data.clear()
        return self.check.run(PROMOTED + DAY * until + DUE)

    def report(self, until: int) -> dict[str, Any]:
        return self.documents.read_json(
            f"s3://reports/churn/quality/{moment.render(PROMOTED + DAY * until)}.json"
        )

    def summaries(self) -> list[str]:
        return [item["summary"] for item in self._table.scan()["Items"]]

    def past(self, version: int = 1) -> list[str]:
        document = self.documents.read_json(
            f"s3://reports/churn/quality/versions/{version}/past.json"
        )
        return [one["window_end"] for one in document["windows"]]


def record(
    id: str, at: datetime, scores: list[float], *, version: int | None = 1, tenure: float = 50
) -> bytes:
    rows = [",".join(["1", str(tenure), *["1"] * (len(NAMES) - 2)]) for _ in scores]
    answer = {"model_version": version, "predictions": [{"score": each} for each in scores]}
    sides = {
        "endpointInput": {
            "observedContentType": "text/csv",
            "mode": "INPUT",
            "data": "\n".join(rows),
            "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "application/json",
            "mode": "OUTPUT",
            "data": json.dumps(answer),
            "encoding": "JSON",
        },
    }
    about = {"eventId": f"event-{id}", "inferenceId": id, "inferenceTime": moment.render(at)}
    return json.dumps({"captureData": sides, "eventMetadata": about}).encode()


def label(id: str, data: str) -> bytes:
    return json.dumps(
        {
            "groundTruthData": {"data": data, "encoding": "CSV"},
            "eventMetadata": {"eventId": id},
            "eventVersion": "0",
        }
    ).encode()


@pytest.fixture
def watch(
    s3: Any, documents: Documents, state_table: StateTable, ledger: Ledger, ledger_table: Any
) -> Watch:
    made = Watch(s3, documents, state_table, ledger, ledger_table)
    made.promote()
    return made


def test_a_version_that_keeps_its_promise_has_held(watch: Watch) -> None:
    for day in range(3):
        watch.day(day)
        found = watch.run(day + 1)

    assert found["verdict"] == "held"
    assert found["reason"].startswith("version 1: auc is 0.9")
    assert watch.cloudwatch.values(metrics.QUALITY_FALLEN) == [0.0]
    assert watch.cloudwatch.values(metrics.QUALITY_VERDICTS) == [1]
    assert watch.cloudwatch.values(metrics.QUALITY_COVERAGE) == [1.0]
    (version,) = watch.report(3)["versions"]
    assert version["counts"] == {"answers": {"labelled": 800}, "labels": {"used": 800}}
    named = {
        dimension["Value"]
        for datum in watch.cloudwatch.data
        for dimension in datum["Dimensions"]
        if dimension["Name"] == metrics.METRIC
    }
    assert named == {"auc", "log_loss", "brier", "accuracy", "f1"}


def test_a_version_whose_answers_lost_their_worth_has_fallen(watch: Watch) -> None:
    for day in range(6):
        watch.day(day, skill=1.5 if day < 3 else 0.3)
        found = watch.run(day + 1)

    assert found["verdict"] == "fallen"
    assert watch.cloudwatch.values(metrics.QUALITY_FALLEN) == [1.0]
    assert "the gate's promise" in found["reason"]
    assert "earlier windows" in found["reason"]
    summaries = watch.summaries()
    assert any(summary.startswith("fallen: version 1: ") for summary in summaries)


def test_each_window_is_judged_once_and_a_check_done_again_changes_nothing(watch: Watch) -> None:
    for day in range(3):
        watch.day(day)
        watch.run(day + 1)
    ends = [moment.render(PROMOTED + DAY * day) for day in (1, 2, 3)]
    assert watch.past() == ends

    assert watch.run(3)["reason"] == "no answer's labels are due that no check has judged"
    assert watch.run(1)["reason"] == "no answer's labels are due that no check has judged"
    assert watch.past() == ends


def test_a_check_that_ends_late_does_not_move_the_watermark_back(watch: Watch) -> None:
    mark = Watermark(watch.state, "churn")
    mark.read(CHAMPION)
    for day in (3, 1):
        mark.move(PROMOTED + DAY * day, QualityVerdict.HELD)
    assert mark.read(CHAMPION).judged_until == PROMOTED + DAY * 3


def test_a_check_that_was_cut_off_before_it_moved_on_is_done_again_whole(watch: Watch) -> None:
    watch.day(0)
    watch.run(1)
    watch.day(1)
    mark = watch.state.read(state.quality("churn"))
    first = watch.run(2)
    assert mark is not None
    watch.state.write(state.quality("churn"), mark)

    assert watch.run(2) == first
    assert len(watch.past()) == 2


def test_answers_whose_labels_may_still_come_are_left_for_later(watch: Watch) -> None:
    watch.day(0)
    found = watch.check.run(PROMOTED + DUE)
    assert found["reason"] == "no answer's labels are due that no check has judged"

    assert watch.run(1)["reason"].startswith("version 1: auc is")


def test_too_few_answers_wait_for_more(watch: Watch) -> None:
    watch.day(0, rows=300)
    watch.day(1, rows=300)

    first = watch.run(1)
    assert first["verdict"] == "no_verdict"
    assert "300 labelled answers are fewer than the 500" in first["reason"]
    watch.run(2)
    (version,) = watch.report(2)["versions"]
    assert version["counts"]["answers"] == {"labelled": 600}
    assert watch.past() == [moment.render(PROMOTED + DAY * 2)]


def test_missing_labels_give_no_verdict_and_are_not_waited_for(watch: Watch) -> None:
    watch.day(0, labelled=0.5)
    watch.day(1)

    first = watch.run(1)
    assert "of 800 answers have a label" in first["reason"]
    assert watch.cloudwatch.values(metrics.QUALITY_FALLEN) == []
    assert watch.cloudwatch.values(metrics.QUALITY_VERDICTS) == []
    (coverage,) = watch.cloudwatch.values(metrics.QUALITY_COVERAGE)
    assert 0.4 < coverage < 0.6
    watch.run(2)
    assert watch.report(2)["window_start"] == moment.render(PROMOTED + DAY)


def test_a_day_without_answers_moves_on_without_a_line(watch: Watch) -> None:
    assert watch.run(1)["reason"] == "nobody asked in this window"
    assert watch.summaries() == []
    assert watch.run(1)["reason"] == "no answer's labels are due that no check has judged"


def test_answers_of_a_replaced_version_are_still_judged_by_its_own_promise(watch: Watch) -> None:
    """Labels come two months later: by then another version serves."""
    watch.set(persistence=1)
    watch.day(0)
    watch.run(0)  # notes the champion while it is the champion
    watch.promote(replace(CHAMPION, version=2, deployment="churn-dev-v2-bbbbbbbb"), auc=0.5)
    watch.day(1, v=2)
    watch.documents.write("reports", f"{FOLDER}/evaluation.json", render(evaluation(0.99)))

    watch.check.run(PROMOTED + DAY * 2 + DUE)

    two, one = watch.report(2)["versions"]
    assert (two["version"], one["version"]) == (2, 1)
    assert one["verdict"] == "fallen"
    assert [c["reference"] for c in one["comparisons"]] == [0.99]


def test_a_version_whose_evaluation_is_gone_is_held_to_its_own_windows(watch: Watch) -> None:
    watch.s3.delete_object(Bucket="reports", Key=f"{FOLDER}/evaluation.json")
    for day in range(2):
        watch.day(day)
        found = watch.run(day + 1)
        if day == 0:
            assert "no earlier window" in found["reason"]
    assert found["verdict"] == "held"
    (version,) = watch.report(2)["versions"]
    assert [one["against"] for one in version["comparisons"]] == ["earlier windows"]


def test_what_is_odd_is_counted_and_the_rest_is_judged(watch: Watch) -> None:
    at = PROMOTED + DAY / 2
    watch.day(0)
    watch.put_captures(
        at,
        [
            b"{broken",
            record("nameless", at, [0.5], version=None),
            record("probe-1-0", at, [0.5]),
            record("twice", at, [0.5]),
            record("twice", at, [0.6]),
            record("two", at, [0.5]),
            record("late", at, [0.5]),
        ],
    )
    watch.put_labels(at + DAY * 60, [b"{broken", label("two", "0"), label("two", "1")])
    watch.put_labels(at + DAY * 60, [label("twice", "1"), label("nobody", "1"), label("0-1", "x")])
    watch.put_labels(at + DAY * 61.2, [label("late", "1")])

    watch.run(1)

    report = watch.report(1)
    assert (report["refused_records"], report["refused_labels"]) == (2, 2)
    assert report["other_labels"] == 1
    (version,) = report["versions"]
    assert version["counts"]["answers"] == {
        "labelled": 800,
        "ambiguous": 2,
        "contradicted": 1,
        "unlabelled": 1,
    }
    assert version["counts"]["labels"] == {
        "used": 800,
        "ambiguous": 1,
        "contradictory": 2,
        "late": 1,
    }
    assert [(one["inference_id"], one["reason"]) for one in version["aside"]] == [
        ("late", "late"),
        ("twice", "ambiguous"),
        ("two", "contradictory"),
        ("two", "contradictory"),
    ]
    assert watch.cloudwatch.values(metrics.LABELS_SET_ASIDE) == [4 + 2]


def test_a_request_of_several_rows_has_a_label_for_each(watch: Watch) -> None:
    at = PROMOTED + DAY / 2
    watch.put_captures(at, [record("a", at, [0.1, 0.9, 0.4])])
    watch.put_labels(at + DAY * 60, [label("a", "0\n1\n\n")])

    watch.run(1)

    (version,) = watch.report(1)["versions"]
    assert version["counts"] == {
        "answers": {"labelled": 2, "unlabelled": 1},
        "labels": {"used": 2},
    }


def test_a_request_without_an_id_of_its_callers_has_its_events(watch: Watch) -> None:
    at = PROMOTED + DAY / 2
    asked = json.loads(record("a", at, [0.1]))
    del asked["eventMetadata"]["inferenceId"]
    watch.put_captures(at, [json.dumps(asked).encode()])
    watch.put_labels(at + DAY * 60, [label("event-a", "0")])

    watch.run(1)

    assert watch.report(1)["versions"][0]["counts"]["answers"] == {"labelled": 1}


def test_slices_are_judged_by_the_features_of_the_request(watch: Watch) -> None:
    watch.set(
        slices=(QualitySlice(name="new", feature="tenure_days", minimum=None, maximum=90),),
        automatic_slices=("recency_days",),
        min_rows=100,
        unit="tenure_days",
    )
    features = tuple(
        FeatureBaseline(name=name, cuts=(1.0,), counts=(50, 50), missing=0) for name in NAMES
    )
    baseline = Baseline(model="churn", run_id="r", snapshot_date="d", rows=100, features=features)
    watch.documents.write("reports", f"{FOLDER}/baseline.json", render(baseline.document()))
    at, draw = PROMOTED + DAY / 2, random.Random(1)
    records, labels = [], []
    for row in range(400):
        true = draw.random() < 0.5
        score = min(max(0.3 + 0.4 * true + draw.gauss(0, 0.2), 0), 1)
        records.append(record(f"r{row}", at, [score], tenure=row % 180))
        labels.append(label(f"r{row}", str(int(true))))
    watch.put_captures(at, records)
    watch.put_labels(at + DAY * 60, labels)

    watch.run(1)

    stored = watch.documents.read_json("s3://reports/churn/quality/versions/1/past.json")
    estimates = stored["windows"][0]["estimates"]
    assert {name: one["rows"] for name, one in estimates.items()} == {
        "all answers": 400,
        "new": 220,
        "1 <= recency_days": 400,
    }
    assert estimates["all answers"]["units"] < 180


def test_without_a_champion_nothing_is_judged(watch: Watch) -> None:
    watch.state.delete(state.champion("churn"))
    assert watch.run(1)["reason"] == "there is no champion yet"


def test_labels_of_other_hours_and_other_files_are_not_read(s3: Any) -> None:
    truth, start = Truth(s3, bucket="data", model="churn"), PROMOTED + timedelta(minutes=30)
    for key in ("1997/04/30/23/a.jsonl", "1997/05/01/00/b.jsonl", "1997/05/01/01/c.jsonl"):
        s3.put_object(Bucket="data", Key=f"churn/truth/{key}", Body=key.encode())
    for key in ("1997/05/01/02/d.jsonl", "1997/05/01/00/b.csv", "1997/05/01/loose.jsonl"):
        s3.put_object(Bucket="data", Key=f"churn/truth/{key}", Body=key.encode())

    found = [line for _, line in truth.lines(start, PROMOTED + timedelta(hours=2))]

    assert found == [b"1997/05/01/00/b.jsonl", b"1997/05/01/01/c.jsonl"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (None, "the line is longer than any label can be"),
        (b"[1]", "label must be a table, got [1]"),
        (b"{}", "label lacks the field 'groundTruthData'"),
        (label("a", "yes"), "could not convert string to float: 'yes'"),
        (b"[" * 100_000, "maximum recursion depth exceeded"),
        (
            b'{"groundTruthData": {"data": "1", "encoding": "JSON"}}',
            "label.groundTruthData must be a text of encoding CSV, got 'JSON'",
        ),
        (label("", "1"), "label.eventMetadata.eventId must be a text, got ''"),
    ],
)
def test_a_line_that_is_no_label_says_why(line: bytes | None, reason: str) -> None:
    with pytest.raises(LabelUnreadable) as error:
        read_label(line, PROMOTED)
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", '{"predictions": [{"score": 0.25}, {"score": 1}]}'),
        ("application/json; charset=utf-8", '{"predictions": [{"score": 0.25}, {"score": 1}]}'),
        ("application/jsonlines", '{"score": 0.25}\n{"score": 1}\n'),
        ("text/csv", "score,label\n0.25,0\n1.0,1\n"),
        ("text/csv", "0.25\n1.0\n"),
    ],
)
def test_scores_are_read_from_every_form_of_text(kind: str, content: str) -> None:
    assert scores_of(kind, content) == (0.25, 1.0)


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("application/vnd.apache.parquet", "", "answers as application/vnd.apache.parquet are"),
        ("", "", "answers as nothing are not read"),
        ("application/json", "{", "the answer is not JSON"),
        ("application/json", "[1]", "the answer must hold predictions"),
        ("application/json", '{"predictions": [1]}', "a prediction must hold a score, got '1'"),
        ("application/json", '{"predictions": []}', "the answer has no rows"),
        ("text/csv", "a,b\n", "a score must be a number, got 'a'"),
        ("text/csv", "nan\n", "a score must be finite, got 'nan'"),
    ],
)
def test_an_answer_without_scores_says_why(kind: str, content: str, reason: str) -> None:
    with pytest.raises(AnswerUnreadable) as error:
        scores_of(kind, content)
    assert str(error.value).startswith(reason)


def test_a_request_of_fewer_rows_than_its_answer_is_refused(watch: Watch) -> None:
    watch.set(unit="tenure_days")
    at = PROMOTED + DAY / 2
    odd = json.loads(record("a", at, [0.1, 0.2]))
    odd["captureData"]["endpointInput"]["data"] = ",".join(["1"] * len(NAMES))
    watch.put_captures(at, [json.dumps(odd).encode()])

    watch.run(1)

    assert watch.report(1)["refused_records"] == 1
