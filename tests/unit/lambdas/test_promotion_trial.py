"""A candidate is tried beside the champion, watched there, and taken away or let on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from contracts import naming
from contracts.card import CapturePath, Serving, ServingMode, Trial
from contracts.run import Cause, CauseKind, Purpose
from lambdas.adapters.documents import render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.promotion import trial_course
from lambdas.promotion.errors import DeploymentFailed, EndpointUnsettled
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.hosting import Hosting
from lambdas.promotion.plan_document import Action, Plan
from lambdas.promotion.symptoms import Watched
from lambdas.promotion.trial_watch import TrialWatch
from tests.unit.lambdas.examples import CARD, request
from tests.unit.lambdas.promotion_stage import AT, FakeEndpoints, Stage

NEW, OLD = "churn-dev-v2-aaaaaaaa", "churn-dev-v1-bbbbbbbb"
TRIAL = f"{NEW}-trial"
SHADOWED = replace(CARD, rollout=replace(CARD.rollout, trial=Trial.SHADOW, trial_percent=20))
SPLIT = replace(CARD, rollout=replace(CARD.rollout, trial=Trial.CHALLENGER, trial_percent=20))
LATER = AT + timedelta(seconds=SHADOWED.rollout.trial_seconds)


@pytest.fixture
def stage(sagemaker: Any, aws: None, s3: Any, state_table: StateTable, ledger: Ledger) -> Stage:
    return Stage(sagemaker, boto3.client("cloudwatch"), s3, state_table, ledger)


def standing(config: str, **changes: Any) -> Endpoint:
    endpoints = FakeEndpoints()
    endpoints.serve(config, **changes)
    assert endpoints.now is not None
    return endpoints.now


@pytest.mark.parametrize(
    ("endpoint", "over", "action"),
    [
        (standing(OLD), False, Action.TRY),
        (standing(OLD, status="Updating", pending=TRIAL), False, Action.WATCH_TRIAL),
        (standing(TRIAL), False, Action.WATCH_TRIAL),
        (standing(TRIAL), True, Action.END_TRIAL),
        (standing(OLD), True, None),
        (standing(OLD, status="Updating", pending=OLD), True, None),
        (standing("churn-dev-v3-cccccccc-trial"), False, Action.END_TRIAL),
        (standing(NEW), False, None),
        (None, False, None),
    ],
)
def test_a_trial_is_begun_watched_and_ended_before_traffic_shifts(
    endpoint: Endpoint | None, over: bool, action: Action | None
) -> None:
    found = trial_course.course(endpoint, NEW, wanted=True, over=over)
    assert (None if found is None else found[0]) == action


def test_whoever_comes_after_an_abandoned_trial_ends_it_first() -> None:
    found = trial_course.course(standing(TRIAL), NEW, wanted=False, over=False)
    assert found is not None
    assert found[0] is Action.END_TRIAL


def test_only_what_no_person_asked_for_is_tried() -> None:
    person = Cause(kind=CauseKind.PERSON, id="p", detail="now")
    schedule = request(cause=Cause(kind=CauseKind.SCHEDULE, id="s", detail="weekly"))
    batch = replace(SHADOWED, serving=replace(CARD.serving, mode=ServingMode.BATCH))
    assert trial_course.is_wanted(SHADOWED, schedule)
    assert not trial_course.is_wanted(CARD, schedule)
    assert not trial_course.is_wanted(batch, schedule)
    assert not trial_course.is_wanted(SHADOWED, request(cause=person))
    assert not trial_course.is_wanted(SHADOWED, replace(schedule, purpose=Purpose.ROLLBACK))


def hosting(card: Any) -> Hosting:
    return Hosting(
        card=card, environment="dev", role_arn="role", captures_bucket="captures", key_arn="key"
    )


def test_a_shadow_is_copied_its_share_while_the_champion_answers_all() -> None:
    config = hosting(SHADOWED).trial_config(TRIAL, champion=OLD, instances=3)
    [live], [shadow] = config["ProductionVariants"], config["ShadowProductionVariants"]
    assert (live["VariantName"], live["ModelName"]) == (naming.VARIANT, OLD)
    assert (shadow["VariantName"], shadow["ModelName"]) == (naming.SHADOW, TRIAL)
    assert shadow["InitialVariantWeight"] / live["InitialVariantWeight"] == pytest.approx(0.2)
    assert live["InitialInstanceCount"] == shadow["InitialInstanceCount"] == 3


def test_a_challenger_answers_its_share_of_the_requests() -> None:
    config = hosting(SPLIT).trial_config(TRIAL, champion=OLD, instances=2)
    live, challenger = config["ProductionVariants"]
    assert (live["ModelName"], challenger["ModelName"]) == (OLD, TRIAL)
    assert "ShadowProductionVariants" not in config
    weights = live["InitialVariantWeight"], challenger["InitialVariantWeight"]
    assert weights[1] / sum(weights) == pytest.approx(0.2)


def of_serving(**changes: Any) -> Any:
    serving: Serving = replace(CARD.serving, **changes)
    return replace(CARD, serving=serving)


def test_a_serverless_endpoint_asks_for_nothing_that_aws_refuses_it(stage: Stage) -> None:
    card = of_serving(mode=ServingMode.SERVERLESS, capture=CapturePath.CONTAINER)
    version = stage.planner().registry.version(stage.arn)
    config, model = hosting(card).config(NEW, instances=2), hosting(card).model(NEW, version)
    [variant] = config["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 10}
    assert not {"InstanceType", "InitialInstanceCount"} & variant.keys()
    assert "DataCaptureConfig" not in config
    assert model["EnableNetworkIsolation"] is False
    assert model["PrimaryContainer"]["Environment"]["PERENNIAL_CAPTURE_FLUSH_SECONDS"] == "0"


def test_captures_of_the_container_replace_those_of_the_endpoint(stage: Stage) -> None:
    card = of_serving(capture=CapturePath.CONTAINER)
    version = stage.planner().registry.version(stage.arn)
    container = hosting(card).model(NEW, version)["PrimaryContainer"]["Environment"]
    assert "DataCaptureConfig" not in hosting(card).config(NEW, instances=2)
    assert container["PERENNIAL_CAPTURE_URI"] == "s3://captures/churn"
    assert (
        "PERENNIAL_CAPTURE_URI"
        not in (hosting(CARD).model(NEW, version)["PrimaryContainer"]["Environment"])
    )


class Measured:
    def __init__(self) -> None:
        self.errors, self.tail, self.medians = 0.0, 0.0, dict[str, float]()

    def most_of_a_minute(
        self, watched: Watched, metric: str, statistic: str, since: object, at: object
    ) -> float:
        assert (watched.deployment, watched.variant, since) == (TRIAL, naming.SHADOW, AT)
        return {"Invocation5XXErrors": self.errors, "ModelLatency": self.tail}[metric]

    def median_ms(self, watched: Watched, at: object) -> float | None:
        return self.medians.get(watched.variant)


@pytest.fixture
def measured() -> Measured:
    return Measured()


@pytest.fixture
def watch(stage: Stage, measured: Measured) -> TrialWatch:
    stage.endpoints.serve(TRIAL)
    return TrialWatch(
        card=SHADOWED,
        environment="dev",
        endpoints=stage.endpoints,  # pyright: ignore[reportArgumentType]
        measurements=measured,  # pyright: ignore[reportArgumentType]
        seen_shift=stage.seen_shift(),
    )


@pytest.fixture
def plan(stage: Stage) -> Plan:
    version = stage.planner().registry.version(stage.arn)
    return Plan(
        deployment=NEW,
        endpoint="churn-dev",
        action=Action.WATCH_TRIAL,
        reason="",
        alarms=(),
        capacity="",
        previous=OLD,
        version=version.number,
        golden_uri=version.fact("golden_uri"),
        answers_uri=version.fact("answers_uri"),
        predictions_uri=version.fact("predictions_uri"),
        champions_predictions_uri="",
        smoke=False,
        headroom=0,
        own=(),
        seen="",
    )


def test_a_trial_runs_for_as_long_as_the_card_says(watch: TrialWatch, plan: Plan) -> None:
    assert watch.look(plan, at=LATER - timedelta(seconds=1))["verdict"] == "running"
    assert watch.look(plan, at=LATER)["verdict"] == "over"


@pytest.mark.parametrize(
    ("errors", "tail", "medians", "said"),
    [
        (1, 0, {}, "1 answers of a minute were 5xx, allowed are 0"),
        (0, 1_100_000, {}, "p99 was 1100 ms, allowed are 1000"),
        (0, 0, {"shadow": 60.0, "live": 6.0}, "the median was 60 ms, allowed are 30"),
    ],
)
def test_a_trial_fails_by_the_candidates_own_figures(
    watch: TrialWatch,
    plan: Plan,
    measured: Measured,
    errors: float,
    tail: float,
    medians: dict[str, float],
    said: str,
) -> None:
    measured.errors, measured.tail, measured.medians = errors, tail, medians
    found = watch.look(plan, at=LATER)
    assert found == {"verdict": "failed", "reason": f"as shadow: {said}"}


def test_a_trial_fails_by_answers_distributed_otherwise_than_the_hold_outs(
    stage: Stage, watch: TrialWatch, plan: Plan
) -> None:
    answer = {"model_version": str(plan.version), "predictions": [{"score": 0.9}]}
    line = {
        "captureData": {"endpointOutput": {"data": render(answer).decode()}},
        "eventMetadata": {"inferenceId": "1", "inferenceTime": f"{AT:%Y-%m-%dT%H:%M:%SZ}"},
    }
    stage.s3.put_object(
        Bucket="captures",
        Key=f"churn/churn-dev/shadow/{AT:%Y/%m/%d/%H/%M}-00-000-a.jsonl",
        Body=b"\n".join([_line(line)] * 400),
    )
    found = watch.look(plan, at=AT + timedelta(minutes=5))
    assert found["verdict"] == "failed"
    assert "400 answers to callers lie at PSI" in found["reason"]


def test_a_trial_that_never_came_up_is_blamed_on_who_made_it_fail(
    stage: Stage, watch: TrialWatch, plan: Plan
) -> None:
    stage.endpoints.serve(OLD, failure="The container did not pass the ping health check.")
    found = watch.look(plan, at=LATER)
    assert found["verdict"] == "ended"
    assert "ping health check" in found["reason"]
    stage.endpoints.serve(OLD, failure="Unable to provision: insufficient capacity")
    with pytest.raises(DeploymentFailed, match="insufficient capacity"):
        watch.look(plan, at=LATER)


def test_nothing_is_said_of_an_endpoint_that_is_moving_or_gone(
    stage: Stage, watch: TrialWatch, plan: Plan
) -> None:
    stage.endpoints.serve(OLD, status="Updating", pending=TRIAL)
    assert watch.look(plan, at=LATER)["verdict"] == "running"
    stage.endpoints.now = None
    with pytest.raises(EndpointUnsettled, match="gone in the middle"):
        watch.look(plan, at=LATER)


def _line(document: dict[str, Any]) -> bytes:
    return b" ".join(render(document).split())
