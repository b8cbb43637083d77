import gzip
import json
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import boto3
import pytest

from contracts import metrics, moment, state
from contracts.baseline import Baseline, FeatureBaseline
from contracts.drift_report import DriftReport, DriftVerdict, FeatureDrift
from contracts.run import Champion
from lambdas.adapters.captures import Captures
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.drift_check.capture_gap import Answered, gap
from lambdas.drift_check.check import DriftCheck
from lambdas.drift_check.figures import Figures
from lambdas.drift_check.watermark import Watermark
from tests.unit.lambdas.examples import CARD, CHAMPION

PROMOTED = moment.parse(CHAMPION.promoted_at)
DAY = timedelta(days=1)
NAMES = [feature.name for feature in CARD.features]
BASELINE_KEY = CHAMPION.baseline_uri.removeprefix("s3://reports/")


class FakeCloudWatch:
    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []

    def put_metric_data(self, **asked: Any) -> None:
        assert asked["Namespace"] == "Perennial"
        self.data += asked["MetricData"]

    def values(self, name: str) -> list[float]:
        return [datum["Value"] for datum in self.data if datum["MetricName"] == name]


class FakeAnswered:
    """What CloudWatch counted, by the moment of each request."""

    def __init__(self) -> None:
        self.requests: dict[datetime, int] = {}

    def count(self, start: datetime, end: datetime) -> float:
        return sum(count for at, count in self.requests.items() if start <= at < end)


class Watch:
    def __init__(
        self, s3: Any, documents: Documents, state_table: StateTable, ledger: Ledger, table: Any
    ) -> None:
        self.s3, self.documents, self.state = s3, documents, state_table
        self.cloudwatch, self._table = FakeCloudWatch(), table
        self.champion = ChampionPointer(state_table, "churn")
        self.answered = FakeAnswered()
        answered: Any = self.answered
        self.check = DriftCheck(
            card=CARD,
            reports_bucket="reports",
            champion=self.champion,
            watermark=Watermark(state_table, "churn"),
            captures=Captures(s3, bucket="captures", model="churn", endpoint="churn-dev"),
            answered=answered,
            documents=documents,
            figures=Figures(self.cloudwatch, environment="dev"),
            ledger=ledger,
        )
        self._file = 0

    def promote(self, champion: Champion = CHAMPION, names: list[str] = NAMES) -> None:
        features = tuple(
            FeatureBaseline(name=name, cuts=(2.0, 3.0), counts=(100, 100, 100), missing=0)
            for name in names
        )
        baseline = Baseline(
            model="churn", run_id="r", snapshot_date="1997-03-01", rows=300, features=features
        )
        self.documents.write("reports", BASELINE_KEY, render(baseline.document()))
        self.champion.move(champion, token=1)

    def capture(
        self, at: datetime, values: list[float], *, id: str = "i", version: str | None = "1"
    ) -> None:
        """One request a value, all in one file."""
        rows = [",".join([str(value)] * len(NAMES)) for value in values]
        self.put(at, b"\n".join(line(row, at, id=id, version=version) for row in rows) + b"\n")

    def put(self, at: datetime, content: bytes, *, folder: datetime | None = None) -> str:
        self._file += 1
        hour = (folder or at).astimezone(UTC)
        key = f"churn/churn-dev/live/{hour:%Y/%m/%d/%H}/{self._file}.jsonl"
        self.s3.put_object(Bucket="captures", Key=key, Body=content)
        return key

    def aside(self, key: str) -> Any:
        """What was put aside of a capture file by the first window."""
        folder = f"churn/quarantine/{CHAMPION.promoted_at}/"
        return self.documents.read_json(f"s3://captures/{key.replace('churn/', folder, 1)}")

    def run(self, as_of: datetime) -> dict[str, Any]:
        self.cloudwatch.data.clear()
        return self.check.run(as_of)

    def mark(self) -> dict[str, Any]:
        return self.state.read(state.drift("churn")) or {}

    def summaries(self) -> list[str]:
        return [item["summary"] for item in self._table.scan()["Items"]]


def line(content: str, at: datetime, *, id: str = "i", version: str | None = "1") -> bytes:
    answer = {"predictions": []} if version is None else {"model_version": version}
    sides = {
        "endpointInput": {"mode": "INPUT", "data": content, "encoding": "CSV"},
        "endpointOutput": {"mode": "OUTPUT", "data": json.dumps(answer), "encoding": "JSON"},
    }
    about = {"eventId": "e", "inferenceId": id, "inferenceTime": moment.render(at)}
    return json.dumps({"captureData": sides, "eventMetadata": about}).encode()


def same(count: int) -> list[float]:
    """As the training data: a third in each bin."""
    return list(islice(cycle([1.0, 2.5, 9.0]), count))


@pytest.fixture
def watch(
    s3: Any, documents: Documents, state_table: StateTable, ledger: Ledger, ledger_table: Any
) -> Watch:
    made = Watch(s3, documents, state_table, ledger, ledger_table)
    made.promote()
    return made


def test_what_looks_like_training_data_has_not_drifted(watch: Watch) -> None:
    watch.capture(PROMOTED + DAY / 2, same(600))

    answer = watch.run(PROMOTED + DAY)

    assert (answer["verdict"], answer["rows"]) == ("no_drift", 600)
    assert watch.cloudwatch.values(metrics.DRIFTED_SHARE) == [0.0]
    assert watch.cloudwatch.values(metrics.DRIFT_VERDICTS) == [1]
    assert len(watch.cloudwatch.values(metrics.FEATURE_PSI)) == len(NAMES)
    assert {datum["Timestamp"] for datum in watch.cloudwatch.data} == {PROMOTED + DAY}


def test_what_looks_different_has_drifted_and_is_reported(watch: Watch) -> None:
    watch.capture(PROMOTED + DAY / 2, [9.0] * 600)

    answer = watch.run(PROMOTED + DAY)

    assert answer["verdict"] == "drift"
    assert watch.cloudwatch.values(metrics.DRIFTED_SHARE) == [1.0]
    end = moment.render(PROMOTED + DAY - timedelta(minutes=5))
    report = watch.documents.read_json(f"s3://reports/churn/drift/{end}.json")
    assert (report["version"], report["window_end"]) == (1, end)
    assert report["window_start"] == CHAMPION.promoted_at
    assert watch.summaries()[0].startswith("drift on 600 rows: ")


def test_requests_that_were_captured_nowhere_are_a_share_of_those_answered(watch: Watch) -> None:
    at = PROMOTED + DAY / 2
    watch.capture(at, same(570))
    watch.capture(at, same(20), id="probe-x-0")  # probes are invocations as well
    watch.capture(at, same(9), version="2")
    watch.put(at, b"{broken")  # captured, though nobody can read it
    watch.answered.requests = {at: 800, PROMOTED + DAY: 5000}

    watch.run(PROMOTED + DAY)

    assert watch.cloudwatch.values(metrics.CAPTURE_GAP) == [0.25]


def test_a_window_too_small_for_a_verdict_still_tells_its_gap(watch: Watch) -> None:
    watch.answered.requests = {PROMOTED + DAY / 2: 40}

    assert watch.run(PROMOTED + DAY)["verdict"] == "no_verdict"

    assert watch.cloudwatch.values(metrics.CAPTURE_GAP) == [1.0]


def test_a_gap_is_told_once_though_its_window_waits_for_more(watch: Watch) -> None:
    watch.answered.requests = {PROMOTED + DAY / 2: 40, PROMOTED + DAY * 1.5: 20}
    watch.capture(PROMOTED + DAY * 1.5, same(20))
    assert watch.run(PROMOTED + DAY)["verdict"] == "no_verdict"
    assert watch.cloudwatch.values(metrics.CAPTURE_GAP) == [1.0]

    assert watch.run(PROMOTED + DAY * 2)["rows"] == 20

    assert watch.cloudwatch.values(metrics.CAPTURE_GAP) == [0.0]


def test_complete_captures_have_no_gap_and_a_silent_window_no_figure(watch: Watch) -> None:
    watch.capture(PROMOTED + DAY / 2, same(600))
    watch.answered.requests = {PROMOTED + DAY / 2: 600}

    watch.run(PROMOTED + DAY)
    assert watch.cloudwatch.values(metrics.CAPTURE_GAP) == [0.0]

    watch.run(PROMOTED + DAY * 2)
    assert watch.cloudwatch.values(metrics.CAPTURE_GAP) == []


def test_an_answer_that_refused_is_neither_asked_nor_captured(watch: Watch) -> None:
    at = PROMOTED + DAY / 2
    watch.capture(at, same(600))
    refusal = json.loads(line("1", at))
    refusal["captureData"]["endpointOutput"]["data"] = json.dumps({"error": "row 1 …"})
    watch.put(at, b"\n".join([json.dumps(refusal).encode()] * 100))
    watch.answered.requests = {at: 800}

    watch.run(PROMOTED + DAY)

    assert watch.cloudwatch.values(metrics.CAPTURE_GAP) == [0.25]


@pytest.mark.parametrize(
    ("captured", "percent", "missing"),
    [(1000, 10, 0.0), (910, 10, 0.0), (900, 10, 0.01), (0, 10, 0.91), (10_001, 100, 0.0)],
)
def test_what_a_sample_lacks_by_chance_is_no_gap(
    captured: int, percent: int, missing: float
) -> None:
    assert gap(captured, 10_000, percent=percent) == missing


def test_refused_and_failed_requests_of_others_and_other_minutes_are_not_counted(
    aws: None,
) -> None:
    cloudwatch: Any = boto3.client("cloudwatch")
    start, end = PROMOTED + timedelta(seconds=30), PROMOTED + timedelta(hours=3, seconds=10)

    def put(name: str, at: datetime, values: list[float], variant: str = "live") -> None:
        datum = {
            "MetricName": name,
            "Dimensions": [
                {"Name": "EndpointName", "Value": "churn-dev"},
                {"Name": "VariantName", "Value": variant},
            ],
            "Timestamp": at,
            "Values": values,
            "Counts": [10.0] * len(values),
        }
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])

    within, before = PROMOTED + timedelta(hours=1), PROMOTED + timedelta(seconds=20)
    put("Invocations", within, [1])
    put("Invocations", PROMOTED + timedelta(hours=2), [1])
    put("Invocation4XXErrors", within, [0, 0.2])
    put("Invocation5XXErrors", within, [0, 0.1])
    put("Invocations", before, [7])
    put("Invocations", end, [7])
    put("Invocations", within, [7], variant="shadow")
    answered = Answered(cloudwatch, endpoint="churn-dev")

    assert answered.count(start, end) == 20 - 2 - 1
    assert answered.count(start, start + timedelta(seconds=20)) == 0


def test_too_few_rows_give_no_verdict_and_wait_for_more(watch: Watch) -> None:
    watch.capture(PROMOTED + DAY / 2, same(300))

    first = watch.run(PROMOTED + DAY)
    assert (first["verdict"], first["rows"]) == ("no_verdict", 300)
    assert watch.cloudwatch.values(metrics.DRIFTED_SHARE) == []
    assert watch.cloudwatch.values(metrics.DRIFT_VERDICTS) == []

    watch.capture(PROMOTED + DAY * 1.5, same(300))
    second = watch.run(PROMOTED + DAY * 2)
    assert (second["verdict"], second["rows"]) == ("no_drift", 600)


def test_each_record_is_counted_in_one_window(watch: Watch) -> None:
    end = PROMOTED + DAY - timedelta(minutes=5)
    watch.capture(end - timedelta(seconds=1), same(501))
    watch.capture(end, same(502))
    watch.capture(PROMOTED - timedelta(seconds=1), same(99))  # before the promotion

    assert watch.run(PROMOTED + DAY)["rows"] == 501
    assert watch.run(PROMOTED + DAY)["reason"] == (
        "the captures up to this check's time are judged already"
    )
    assert watch.run(PROMOTED + DAY * 2)["rows"] == 502


def test_a_record_uploaded_late_into_the_next_hours_folder_is_counted(watch: Watch) -> None:
    at = PROMOTED + DAY - timedelta(minutes=5, seconds=1)
    row = ",".join(["1"] * len(NAMES))
    watch.put(at, b"\n".join([line(row, at)] * 600), folder=at + timedelta(hours=1))

    assert watch.run(PROMOTED + DAY)["rows"] == 600


def test_a_check_that_comes_late_does_not_move_the_watermark_back(watch: Watch) -> None:
    watch.capture(PROMOTED + DAY / 2, same(600))
    watch.run(PROMOTED + DAY * 3)
    mark = watch.mark()

    watch.run(PROMOTED + DAY)

    assert watch.mark() == mark


def test_probes_other_versions_and_unnamed_answers_are_told_apart(watch: Watch) -> None:
    at = PROMOTED + DAY / 2
    watch.capture(at, same(600))
    watch.capture(at, [9.0] * 600, id="probe-x-0")
    watch.capture(at, [9.0] * 600, version="2")
    watch.capture(at, same(3), version=None)

    assert watch.run(PROMOTED + DAY)["rows"] == 603


def test_unreadable_lines_are_set_aside_and_the_others_count(watch: Watch) -> None:
    at = PROMOTED + DAY / 2
    good = line(",".join(["1"] * len(NAMES)), at)
    key = watch.put(at, b"\n".join([good, b"{broken", good, line("1,2", at), b"", good]))
    packed = watch.put(at, gzip.compress(good))

    assert watch.run(PROMOTED + DAY)["rows"] == 3
    [refused] = watch.cloudwatch.values(metrics.CAPTURES_REFUSED)
    assert refused >= 3
    aside = watch.aside(key)
    assert [row["number"] for row in aside["lines"]] == [2, 4]
    assert aside["lines"][0]["content"] == "{broken"
    assert aside["lines"][1]["reason"] == f"row 1 must have {len(NAMES)} values, got 2"
    assert aside["source"] == f"s3://captures/{key}"
    watch.aside(packed)


def test_an_unreadable_line_in_an_hour_of_two_windows_is_counted_once(watch: Watch) -> None:
    first, second = PROMOTED + DAY, PROMOTED + DAY * 2  # each window ends five minutes earlier
    watch.capture(PROMOTED + DAY / 2, same(600))
    watch.capture(first + DAY / 2, same(600))
    watch.put(first - timedelta(minutes=30), b"{broken\n")

    refused = []
    for as_of in (first, second):
        watch.run(as_of)
        refused += watch.cloudwatch.values(metrics.CAPTURES_REFUSED)

    assert refused == [0, 1]


def test_of_many_unreadable_lines_all_are_counted_and_some_are_kept(watch: Watch) -> None:
    key = watch.put(PROMOTED + DAY / 2, b"{\n" * 150)

    watch.run(PROMOTED + DAY)

    assert watch.cloudwatch.values(metrics.CAPTURES_REFUSED) == [150]
    aside = watch.aside(key)
    assert (len(aside["lines"]), aside["more"]) == (100, 50)


def test_a_new_champion_starts_a_window_of_its_own(watch: Watch) -> None:
    watch.capture(PROMOTED + DAY / 2, [9.0] * 600)
    watch.run(PROMOTED + DAY)
    later = moment.render(PROMOTED + DAY * 2)
    watch.promote(
        Champion(
            model_package_arn="arn/2",
            version=2,
            model_data_url=CHAMPION.model_data_url,
            artifact_sha256="a" * 64,
            manifest_sha256="b" * 64,
            baseline_uri=CHAMPION.baseline_uri,
            promoted_at=later,
            deployment="churn-dev-v2-bbbbbbbb",
        )
    )
    watch.capture(PROMOTED + DAY * 1.5, [9.0] * 600, version="2")
    watch.capture(PROMOTED + DAY * 2.5, same(510), version="2")

    answer = watch.run(PROMOTED + DAY * 3)

    assert (answer["verdict"], answer["rows"]) == ("no_drift", 510)
    assert watch.mark()["deployment"] == "churn-dev-v2-bbbbbbbb"


def test_without_a_champion_there_is_no_verdict(watch: Watch) -> None:
    watch.state.delete(state.champion("churn"))

    assert watch.run(PROMOTED + DAY)["reason"] == "there is no champion yet"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda w: w.documents.write("reports", BASELINE_KEY, b"{"), "is not JSON"),
        (lambda w: w.s3.delete_object(Bucket="reports", Key=BASELINE_KEY), "there is no object"),
        (lambda w: w.promote(names=NAMES[:-1]), "the baseline's features are"),
        (lambda w: w.promote(names=[*NAMES[1:], NAMES[0]]), "the baseline's features are"),
    ],
    ids=["broken", "missing", "fewer features", "another order"],
)
def test_without_a_fitting_baseline_there_is_no_verdict(
    watch: Watch, spoil: Any, reason: str
) -> None:
    watch.capture(PROMOTED + DAY / 2, same(600))
    spoil(watch)

    answer = watch.run(PROMOTED + DAY)

    assert answer["verdict"] == "no_verdict"
    assert reason in answer["reason"]
    assert watch.mark()["judged_until"] == CHAMPION.promoted_at


def test_the_ledger_has_drift_each_time_and_the_rest_when_it_is_new(watch: Watch) -> None:
    windows = [same(600), same(600), [9.0] * 600, [9.0] * 600, same(600)]
    for day, values in enumerate(windows):
        watch.capture(PROMOTED + DAY * (day + 0.5), values)
        watch.run(PROMOTED + DAY * (day + 1))

    verdicts = [summary.partition(" on ")[0] for summary in watch.summaries()]
    assert sorted(verdicts) == ["drift", "drift", "no drift", "no drift"]


@pytest.mark.slow
def test_files_beyond_a_page_and_outside_the_hours_are_told_apart(s3: Any) -> None:
    captures = Captures(s3, bucket="captures", model="churn", endpoint="churn-dev")
    base = "churn/churn-dev/live/1997/05/01"
    keys = [f"{base}/10/{number:04}.jsonl" for number in range(1001)]
    for key in [*keys, f"{base}/08/a.jsonl", f"{base}/13/a.jsonl", f"{base}/10/a.txt"]:
        s3.put_object(Bucket="captures", Key=key, Body=b"")
    start = moment.parse("1997-05-01T09:30:00Z")

    files = list(captures.files(start, start + timedelta(hours=2)))

    assert [file.key for file in files] == keys
    assert {file.hour for file in files} == {moment.parse("1997-05-01T10:00:00Z")}


def test_a_thousand_figures_go_in_one_call_and_more_in_several() -> None:
    class Counting:
        def __init__(self) -> None:
            self.sizes: list[int] = []

        def put_metric_data(self, **asked: Any) -> None:
            self.sizes.append(len(asked["MetricData"]))

    features = tuple(
        FeatureDrift(name=f"f{i}", psi=0.1, threshold=0.2, drifted=False) for i in range(1500)
    )
    report = DriftReport(
        model="churn",
        version=1,
        window_start="",
        window_end="",
        rows=1,
        refused_records=0,
        verdict=DriftVerdict.NO_DRIFT,
        reason="",
        drifted_share=0.0,
        features=features,
    )
    counting = Counting()

    Figures(counting, environment="dev").publish(report, as_of=PROMOTED)

    assert counting.sizes == [1000, 504]
