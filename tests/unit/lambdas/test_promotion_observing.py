import json
import threading
from dataclasses import replace
from typing import Any

import boto3
import pytest

from contracts import moment
from contracts.baseline import FeatureBaseline
from contracts.card import CapturePath, ModelCard, ServingMode
from contracts.errors import ContractError
from lambdas.adapters.documents import render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.promotion.guard import Given, shift_of
from lambdas.promotion.known_answers import KnownAnswers, golden_rows
from lambdas.promotion.measurements import Measurements
from lambdas.promotion.observation import probes_for
from lambdas.promotion.plan_document import Plan
from lambdas.promotion.probes import Probes, at_once
from lambdas.promotion.symptoms import Watched
from tests.unit.lambdas.examples import CARD
from tests.unit.lambdas.promotion_stage import AT, ROWS, SERVER_ERROR, FakeRuntime, Stage
from tests.unit.lambdas.test_promotion_decision import PLAN
from tests.unit.lambdas.test_promotion_plan import plan


@pytest.fixture
def stage(sagemaker: Any, aws: None, s3: Any, state_table: StateTable, ledger: Ledger) -> Stage:
    return Stage(sagemaker, boto3.client("cloudwatch"), s3, state_table, ledger)


def look(stage: Stage, made: Plan, runtime: FakeRuntime, *, answered: int = 0) -> dict[str, Any]:
    return stage.observation(runtime).look(made, at=AT, answered=answered)


def moving(stage: Stage, made: Plan) -> None:
    stage.endpoints.serve(
        "churn-dev-v1-aaaaaaaa", status="Updating", pending=made.deployment, pending_since=AT
    )


def published(stage: Stage, name: str) -> list[float]:
    found = stage.cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "Perennial",
                        "MetricName": name,
                        "Dimensions": [
                            {"Name": "Model", "Value": "churn"},
                            {"Name": "Environment", "Value": "dev"},
                            {"Name": "Deployment", "Value": plan(stage).deployment},
                        ],
                    },
                    "Period": 86400 * 365,
                    "Stat": "Maximum",
                },
            }
        ],
        StartTime=moment.parse("1990-01-01T00:00:00Z"),
        EndTime=moment.parse("2090-01-01T00:00:00Z"),
    )
    return found["MetricDataResults"][0]["Values"]


def test_while_only_the_champion_answers_a_few_probes_look_whether_the_candidate_does(
    stage: Stage,
) -> None:
    made = plan(stage)
    moving(stage, made)
    runtime = FakeRuntime("1", SERVER_ERROR)

    seen = look(stage, made, runtime)

    assert (seen["answers"], seen["errors"], seen["answered"]) == ({"1": 10}, 10, 0)
    assert "server error (500)" in seen["cause"]
    assert {asked["Body"] for asked in runtime.asked} == {row.encode() for row in ROWS}
    ids = [asked["InferenceId"] for asked in runtime.asked]
    assert all(id.startswith("probe-") and len(id) <= 64 for id in ids)
    assert published(stage, "CandidateWrongAnswers") == []


def test_a_candidate_that_answers_is_asked_as_much_as_it_still_needs(stage: Stage) -> None:
    made = plan(stage)
    moving(stage, made)
    half = FakeRuntime("1", "2")

    seen = look(stage, made, half)

    # 10 of the first 20 were its own: 290 are missing, in 4 looks, at half of the probes each.
    assert len(half.asked) == 20 + 145
    assert seen["answered"] == 10 + 72
    assert published(stage, "CandidateWrongAnswers") == [0]


@pytest.mark.parametrize(("answered", "measured"), [(290, 0), (0, 4000)])
def test_what_callers_and_earlier_probes_asked_counts(
    stage: Stage, answered: int, measured: int
) -> None:
    made = plan(stage)
    moving(stage, made)
    stage.measurements.count = measured
    runtime = FakeRuntime("2")

    look(stage, made, runtime, answered=answered)

    assert len(runtime.asked) == 20


@pytest.mark.parametrize(
    ("missing", "share", "seconds", "sent"),
    [
        (0, 0.5, 300, 0),
        (-5, 0.5, 300, 0),
        (100, 0.5, 0, 200),
        (100, 1.0, 300, 25),
        (9**9, 1, 0, 1000),
    ],
)
def test_probes_are_spread_over_the_looks_that_are_left(
    missing: int, share: float, seconds: int, sent: int
) -> None:
    assert probes_for(missing, share=share, seconds=seconds) == sent


def test_wrong_answers_of_the_candidate_are_counted_and_the_champions_are_its_own(
    stage: Stage,
) -> None:
    made = plan(stage)
    moving(stage, made)

    assert look(stage, made, FakeRuntime("1", off_by=0.1))["wrong"] == 0
    seen = look(stage, made, FakeRuntime("2", off_by=0.1), answered=300)

    assert seen["wrong"] == 20
    assert seen["cause"] == (
        "20 wrong answers, first: golden row 1 must be answered 0.25, got 0.35"
    )
    assert published(stage, "CandidateWrongAnswers") == [20]


@pytest.mark.parametrize("status", ["Creating", "Failed", "RollingBack"])
def test_an_endpoint_that_cannot_answer_is_not_probed(stage: Stage, status: str) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment, status=status)
    runtime = FakeRuntime("2")

    seen = look(stage, made, runtime, answered=7)

    assert (seen["status"], seen["answered"]) == (status, 7)
    assert runtime.asked == []


def test_an_absent_endpoint_is_seen_as_absent(stage: Stage) -> None:
    assert look(stage, plan(stage), FakeRuntime("2"))["status"] == "Absent"


def captured(version: str, score: float, *, id: str = "caller", at: str = "03:00:01") -> str:
    answer = {"model_version": version, "predictions": [{"score": score}]}
    return json.dumps(
        {
            "captureData": {"endpointOutput": {"data": json.dumps(answer), "encoding": "JSON"}},
            "eventMetadata": {"inferenceId": id, "inferenceTime": f"1997-07-01T{at}Z"},
        }
    )


def capture(stage: Stage, *lines: str) -> None:
    stage.s3.put_object(
        Bucket="captures",
        Key="churn/churn-dev/live/1997/07/01/03/00-01-000-one.jsonl",
        Body="\n".join(lines).encode(),
    )


def test_answers_to_callers_that_lie_elsewhere_than_the_hold_outs_are_a_shift(
    stage: Stage,
) -> None:
    made = plan(stage)
    moving(stage, made)
    capture(stage, *[captured("2", 0.9)] * 300)

    seen = look(stage, made, FakeRuntime("2"), answered=300)

    assert seen["cause"].startswith("300 answers to callers lie at PSI ")
    [shift] = published(stage, "CandidatePredictionShift")
    assert shift > 1


def test_probes_the_champions_answers_and_earlier_ones_are_not_the_candidates(
    stage: Stage,
) -> None:
    made = plan(stage)
    moving(stage, made)
    capture(
        stage,
        *[captured("2", 0.9, id="probe-1")] * 300,
        *[captured("1", 0.9)] * 100,
        *[captured("2", 0.9, at="02:59:59")] * 300,
        "no JSON",
        *[captured("2", score) for score in (0.2, 0.8)] * 150,
    )

    seen = look(stage, made, FakeRuntime("2"), answered=300)

    assert seen["shift"].startswith("300 answers to callers lie at PSI")
    [shift] = published(stage, "CandidatePredictionShift")
    assert shift < 0.1


def test_too_few_answers_give_no_figure_and_say_so(stage: Stage) -> None:
    made = plan(stage)
    moving(stage, made)
    capture(stage, *[captured("2", 0.9)] * 199)

    seen = look(stage, made, FakeRuntime("2"), answered=300)

    assert seen["shift"] == "199 answers to callers are too few to compare with the hold-out's"
    assert published(stage, "CandidatePredictionShift") == []


def each_alone(scores: list[float]) -> Given:
    return Given(scores=scores, requests=len(scores))


def test_rows_of_one_request_are_alike_and_count_as_one() -> None:
    """Forty requests of five neighbours are forty draws of callers, not two hundred."""
    scores = [0.9] * 120 + [0.1] * 80
    alone, together = each_alone(scores), Given(scores=scores, requests=40)
    tight = replace(CARD, rollout=replace(CARD.rollout, max_prediction_psi=0.01))

    far, near = shift_of(HALVES, alone, tight), shift_of(HALVES, together, tight)

    assert far.from_holdout is not None
    assert near.from_holdout is not None
    assert far.from_holdout.psi == near.from_holdout.psi
    assert near.from_holdout.allowed > 2 * far.from_holdout.allowed


def test_what_is_allowed_grows_where_chance_alone_explains_more() -> None:
    tens = FeatureBaseline(
        name="score", cuts=tuple(n / 10 for n in range(1, 10)), counts=(10,) * 10, missing=0
    )
    tight = replace(CARD, rollout=replace(CARD.rollout, max_prediction_psi=0.01))
    scores = [n / 200 for n in range(200)]

    def allowed(expected: FeatureBaseline, count: int, card: ModelCard) -> float:
        distance = shift_of(expected, each_alone(scores * count), card).from_holdout
        assert distance is not None
        return distance.allowed

    assert allowed(tens, 1, tight) > 0.4
    assert allowed(tens, 1, CARD) > 0.4
    assert allowed(replace(tens, counts=(100_000,) * 10), 500, tight) == 0.01


def test_callers_who_ask_for_something_else_by_now_are_no_fault_of_the_candidate(
    stage: Stage,
) -> None:
    """It lies far from the hold-out, as the champion's answers to the same callers do."""
    made = plan(stage)
    moving(stage, made)
    capture(stage, *[captured("2", 0.9)] * 300, *[captured("1", 0.91)] * 300)

    seen = look(stage, made, FakeRuntime("2"), answered=300)

    assert seen["cause"] == ""
    [shift] = published(stage, "CandidatePredictionShift")
    assert shift < 0.1


def test_answers_that_fit_neither_the_hold_out_nor_the_champion_are_a_shift(stage: Stage) -> None:
    made = plan(stage)
    moving(stage, made)
    capture(stage, *[captured("2", 0.9)] * 300, *[captured("1", 0.1)] * 300)

    seen = look(stage, made, FakeRuntime("2"), answered=300)

    assert " from the old's" in seen["cause"]
    [shift] = published(stage, "CandidatePredictionShift")
    assert shift > 1


KNOWN = KnownAnswers(rows=("1", "2"), scores=(0.25, 1000.0))


@pytest.mark.parametrize(
    ("number", "scores", "message"),
    [
        (0, [0.25], None),
        (0, [0.2501], None),  # 1e-6 of the largest
        (0, [0.252], "golden row 1 must be answered 0.25, got 0.252"),
        (1, [], "golden row 2 must be answered 1000, got 0 predictions"),
        (1, [float("nan")], "golden row 2 must be answered 1000, got nan"),
    ],
)
def test_an_answer_is_right_to_a_millionth(
    number: int, scores: list[float], message: str | None
) -> None:
    assert KNOWN.wrong(number, scores) == message


def test_golden_answers_that_do_not_fit_the_rows_are_an_error(stage: Stage) -> None:
    made = plan(stage)
    moving(stage, made)
    stage.write("answers_uri", render({"scores": [0.1]}))

    with pytest.raises(ContractError, match=r"answers\.json must have 2 scores"):
        look(stage, made, FakeRuntime("2"))


@pytest.mark.parametrize("header", ["", "recency_days,spend\n"])
def test_golden_rows_are_requests_of_one_row_each(header: str) -> None:
    content = f"{header}3,10\n4,20.5\n".encode()

    assert golden_rows(content, ["recency_days", "spend"]) == ["3,10", "4,20.5"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "golden.csv must have at least one row, got none"),
        (b"recency_days,spend\n", "golden.csv must have at least one row, got none"),
        (b"3,10\n3\n", "golden.csv row 2 must have 2 values, got 1"),
    ],
)
def test_golden_rows_of_another_width_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ContractError) as refusal:
        golden_rows(content, ["recency_days", "spend"])

    assert str(refusal.value) == message


def test_the_invocations_of_one_configuration_are_counted_and_anothers_are_not(aws: None) -> None:
    cloudwatch = boto3.client("cloudwatch")
    ours = Watched(deployment=PLAN.deployment, endpoint="churn-dev", environment="dev")
    for watched, value in ((ours, 3.0), (replace(ours, deployment="other"), 100.0)):
        dimensions = [{"Name": k, "Value": v} for k, v in watched.invocations().items()]
        for minute in ("02:10", "03:10"):
            cloudwatch.put_metric_data(
                Namespace="AWS/SageMaker",
                MetricData=[
                    {
                        "MetricName": "Invocations",
                        "Value": value,
                        "Dimensions": dimensions,
                        "Timestamp": moment.parse(f"1997-07-01T{minute}:00Z"),
                    }
                ],
            )

    measured = Measurements(cloudwatch)

    assert measured.invocations(ours, moment.parse("1997-07-01T03:30:00Z")) == 6
    assert measured.median_ms(ours, moment.parse("1997-07-01T03:30:00Z")) is None


HALVES = FeatureBaseline(name="score", cuts=(0.5,), counts=(500, 500), missing=0)


@pytest.mark.parametrize(
    ("own", "champions", "away"),
    [
        pytest.param([0.9] * 270 + [0.1] * 30, [0.9] * 285 + [0.1] * 15, False, id="both moved"),
        pytest.param([0.9] * 300, [0.9] * 240 + [0.1] * 60, True, id="it moved much further"),
        pytest.param([0.9] * 270 + [0.1] * 30, [0.9, 0.1] * 150, True, id="it alone moved"),
        pytest.param([0.9] * 270 + [0.1] * 30, [0.9] * 10, True, id="nothing is known of the old"),
    ],
)
def test_callers_who_have_changed_explain_as_much_as_the_champions_answers_have_moved(
    own: list[float], champions: list[float], *, away: bool
) -> None:
    # Its bins are its own: the old model's scores lie elsewhere, and are not like the new one's.
    old = [score / 10 for score in champions]
    expected = replace(HALVES, cuts=(0.05,))

    shift = shift_of(
        HALVES, each_alone(own), CARD, champions=each_alone(old), champions_expected=expected
    )

    assert shift.multiple is not None
    assert (shift.multiple > 1) is away


class Crowded(FakeRuntime):
    """Notes how many requests were under way together."""

    def __init__(self) -> None:
        super().__init__("2")
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._met = threading.Event()

    def invoke_endpoint(self, **asked: Any) -> dict[str, Any]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._met.wait(0.01)
        with self._lock:
            self._now -= 1
        return super().invoke_endpoint(**asked)


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (10, 2), (200, 8)])
def test_probes_leave_a_serverless_endpoint_to_its_callers(concurrency: int, most: int) -> None:
    """Beyond its limit AWS refuses whoever asks."""
    size = replace(CARD.serving.serverless, max_concurrency=concurrency)
    serving = replace(
        CARD.serving, mode=ServingMode.SERVERLESS, capture=CapturePath.CONTAINER, serverless=size
    )
    runtime = Crowded()
    known = KnownAnswers(rows=tuple(ROWS), scores=(0.25, 0.75))

    probes = Probes(runtime, at_once=at_once(replace(CARD, serving=serving)))
    probes.send("churn-dev", known, count=40, version=2, label="x")

    assert len(runtime.asked) == 40
    assert runtime.most <= most
    assert at_once(CARD) == 8
