from dataclasses import replace
from typing import Any

import boto3
import pytest

from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.promotion.decision import (
    Action,
    CandidateRolledBack,
    EndpointUnsettled,
    Plan,
    PromotionRefused,
)
from lambdas.promotion.observe import observe
from lambdas.promotion.probes import Probes, ProbesUnanswered
from tests.unit.lambdas.examples import CARD, CHAMPION, DIGEST, request
from tests.unit.lambdas.promotion_stage import ROWS, SERVER_ERROR, FakeRuntime, Stage


@pytest.fixture
def stage(sagemaker: Any, aws: None, s3: Any, state_table: StateTable, ledger: Ledger) -> Stage:
    return Stage(sagemaker, boto3.client("cloudwatch"), s3, state_table, ledger)


def plan(
    stage: Stage, *, execution: str = "execution-1", run: str = "churn-dev-0123456789ab"
) -> Plan:
    return stage.planner().plan(request(run_id=run), package_arn=stage.arn, execution_id=execution)


def test_a_promotion_that_is_redriven_after_it_was_done_does_nothing_again(stage: Stage) -> None:
    stage.endpoints.serve(plan(stage, execution="first").deployment)
    stage.leases.release("first")

    assert plan(stage, execution="redriven").action is Action.NONE


def test_the_first_plan_creates_model_configuration_and_alarm(stage: Stage) -> None:
    made = plan(stage)

    assert (made.action, made.version, made.previous) == (Action.CREATE, 2, "")
    model = stage.sagemaker.describe_model(ModelName=made.deployment)
    assert model["PrimaryContainer"]["Image"].endswith(DIGEST)
    assert model["PrimaryContainer"]["Environment"] == {
        "PERENNIAL_MANIFEST_SHA256": "b" * 64,
        "PERENNIAL_MODEL_VERSION": "2",
    }
    config = stage.sagemaker.describe_endpoint_config(EndpointConfigName=made.deployment)
    [variant] = config["ProductionVariants"]
    assert (variant["VariantName"], variant["InitialInstanceCount"]) == ("live", 2)
    assert config["DataCaptureConfig"]["DestinationS3Uri"] == "s3://captures/churn"
    [alarm] = stage.cloudwatch.describe_alarms(AlarmNames=list(made.alarms))["MetricAlarms"]
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        "EndpointName": "churn-dev",
        "VariantName": "live",
        "EndpointConfigName": made.deployment,
    }
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert (alarm["TreatMissingData"], alarm["Period"]) == ("notBreaching", 60)


def test_a_plan_made_again_finds_what_the_first_made(stage: Stage) -> None:
    first = plan(stage)

    assert plan(stage) == first
    configs = stage.sagemaker.list_endpoint_configs()["EndpointConfigs"]
    assert [config["EndpointConfigName"] for config in configs] == [first.deployment]


def test_a_serving_endpoint_is_updated_with_as_many_instances_as_it_has(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", instances=4)

    made = plan(stage)

    assert (made.action, made.previous) == (Action.UPDATE, "churn-dev-v1-aaaaaaaa")
    config = stage.sagemaker.describe_endpoint_config(EndpointConfigName=made.deployment)
    assert config["ProductionVariants"][0]["InitialInstanceCount"] == 4


def test_a_changing_endpoint_is_waited_for_and_nothing_is_made(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", status="Updating")

    assert plan(stage).action is Action.WAIT
    assert stage.sagemaker.list_models()["Models"] == []
    assert stage.alarm_names() == []


def test_a_failed_endpoint_is_removed_and_waited_for(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", status="Failed")

    assert plan(stage).action is Action.WAIT
    assert stage.endpoints.deleted == ["churn-dev"]


def test_a_second_promotion_waits_for_the_first(stage: Stage) -> None:
    plan(stage, execution="first")

    waiting = plan(stage, execution="second")
    assert waiting.action is Action.WAIT
    assert waiting.reason == "another promotion is under way: first"

    stage.leases.release("first")  # what settlement does
    assert plan(stage, execution="second").action is Action.CREATE


def test_other_bytes_than_the_registered_ones_are_refused_before_anything_is_made(
    stage: Stage,
) -> None:
    stage.s3.put_object(
        Bucket="artifacts", Key="churn/models/job/output/model.tar.gz", Body=b"swapped"
    )

    with pytest.raises(PromotionRefused, match="the artifact's sha256 is"):
        plan(stage)
    assert stage.sagemaker.list_models()["Models"] == []


def look(stage: Stage, made: Plan, runtime: FakeRuntime) -> dict[str, Any]:
    return observe(
        made,
        card=CARD,
        endpoints=stage.endpoints,  # pyright: ignore[reportArgumentType]
        documents=stage.documents,
        probes=Probes(runtime),
    )


def test_observing_counts_the_answers_of_each_version(stage: Stage) -> None:
    made = plan(stage)
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", status="Updating")
    runtime = FakeRuntime("1", "2", SERVER_ERROR)

    seen = look(stage, made, runtime)

    assert seen["status"] == "Updating"
    assert (seen["answers"], seen["errors"]) == ({"1": 2, "2": 2}, 1)
    assert "server error (500)" in seen["first_error"]
    assert {asked["Body"] for asked in runtime.asked} == {row.encode() for row in ROWS}
    ids = [asked["InferenceId"] for asked in runtime.asked]
    assert all(id.startswith("probe-") and len(id) <= 64 for id in ids)


@pytest.mark.parametrize("status", ["Creating", "Failed"])
def test_an_endpoint_that_cannot_answer_is_not_probed(stage: Stage, status: str) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment, status=status)
    runtime = FakeRuntime("2")

    assert look(stage, made, runtime)["status"] == status
    assert runtime.asked == []


def test_an_absent_endpoint_is_seen_as_absent(stage: Stage) -> None:
    assert look(stage, plan(stage), FakeRuntime("2"))["status"] == "Absent"


def test_a_promotion_moves_the_pointer_and_removes_the_old_alarm(
    stage: Stage, ledger_table: Any
) -> None:
    first = plan(stage, execution="first", run="an-earlier-run")
    stage.endpoints.serve(first.deployment)
    stage.leases.release("first")
    second = plan(stage, execution="second")
    stage.endpoints.serve(second.deployment)

    answers = [  # a confirmation that is repeated ends the same
        stage.ending(FakeRuntime("2")).conclude(request(), second, stage.arn) for _ in range(2)
    ]

    assert [answer["outcome"] for answer in answers] == ["promoted", "promoted"]
    champion = stage.champion.read()
    assert champion is not None
    assert (champion.version, champion.deployment) == (2, second.deployment)
    assert champion.promoted_at == "1997-07-01T03:00:00Z"
    assert stage.alarm_names() == list(second.alarms)
    stage.sagemaker.describe_endpoint_config(EndpointConfigName=first.deployment)
    [line] = ledger_table.scan()["Items"]
    assert (line["kind"], line["subject"]) == ("promoted", second.deployment)
    assert line["details"]["replaces"] == first.deployment


@pytest.mark.parametrize(
    "runtime",
    [
        pytest.param(FakeRuntime("2", "1"), id="the old version answers too"),
        pytest.param(FakeRuntime("2", SERVER_ERROR), id="an error"),
        pytest.param(FakeRuntime(""), id="no JSON"),
    ],
)
def test_a_candidate_that_does_not_answer_every_probe_is_no_champion(
    stage: Stage, runtime: FakeRuntime
) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment)

    with pytest.raises(ProbesUnanswered, match="all 5 probes must be answered by version 2, got"):
        stage.ending(runtime).conclude(request(), made, stage.arn)
    assert stage.champion.read() is None


def test_a_rollback_rejects_the_candidate_with_the_alarms_reason(
    stage: Stage, ledger_table: Any
) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa")
    made = plan(stage)
    stage.cloudwatch.set_alarm_state(
        AlarmName=made.alarms[0], StateValue="ALARM", StateReason="3 datapoints > 0"
    )

    with pytest.raises(CandidateRolledBack) as end:
        stage.ending(FakeRuntime("1")).conclude(request(), made, stage.arn)

    assert str(end.value) == (
        f"version 2 does not serve: {made.alarms[0]}: 3 datapoints > 0; "
        "endpoint churn-dev is InService on churn-dev-v1-aaaaaaaa"
    )
    assert stage.status() == "Rejected"
    assert stage.alarm_names() == []
    assert stage.champion.read() is None
    [line] = ledger_table.scan()["Items"]
    assert line["kind"] == "rolled_back"
    assert line["details"]["serving"] == "churn-dev-v1-aaaaaaaa"


def test_a_first_endpoint_that_never_served_is_a_rollback_too(stage: Stage) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment, status="Failed", failure="did not pass the ping")

    with pytest.raises(CandidateRolledBack, match="did not pass the ping"):
        stage.ending(FakeRuntime("2")).conclude(request(), made, stage.arn)
    assert stage.status() == "Rejected"


def test_nothing_is_rejected_while_the_endpoint_changes(stage: Stage) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment, status="Updating")

    with pytest.raises(EndpointUnsettled):
        stage.ending(FakeRuntime("2")).conclude(request(), made, stage.arn)
    assert stage.status() == "Approved"


def test_a_run_that_a_newer_one_overtook_moves_neither_endpoint_nor_pointer(stage: Stage) -> None:
    newer = plan(stage)
    stage.endpoints.serve(newer.deployment)
    stage.ending(FakeRuntime("2")).conclude(request(fencing_token=5), newer, stage.arn)
    before = stage.champion.read()

    with pytest.raises(PromotionRefused, match="holds token 4, and a run with token 5 has"):
        stage.planner().plan(request(fencing_token=4), package_arn=stage.arn, execution_id="late")
    with pytest.raises(PromotionRefused, match="holds token 4, and a run with token 5 has"):
        stage.ending(FakeRuntime("2")).conclude(request(fencing_token=4), newer, stage.arn)

    assert stage.champion.read() == before
    assert stage.champion.moved_under() == 5


def test_the_same_token_may_move_the_pointer_again(stage: Stage) -> None:
    assert stage.champion.move(CHAMPION, token=5)
    assert stage.champion.move(replace(CHAMPION, version=2), token=5)
    assert not stage.champion.move(CHAMPION, token=4)

    champion = stage.champion.read()
    assert champion is not None
    assert champion.version == 2
