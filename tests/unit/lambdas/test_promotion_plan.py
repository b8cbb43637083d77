import gzip
import tarfile
from dataclasses import replace
from hashlib import sha256
from typing import Any

import boto3
import pytest

from contracts.ledger import LedgerKind
from contracts.run import Cause, CauseKind, Purpose
from lambdas.adapters.documents import render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.pauses import Pause
from lambdas.adapters.state import StateTable
from lambdas.promotion.errors import EndpointBusy, PromotionRefused
from lambdas.promotion.plan_document import Action, Failure, Plan, Progress
from tests.unit.lambdas.examples import CHAMPION, DIGEST, request
from tests.unit.lambdas.promotion_stage import ARCHIVE, AT, FEATURES, Stage
from tests.unit.lambdas.test_promotion_decision import SCALED

SYMPTOMS = ["5xx", "latency-p50", "latency-p99", "prediction-shift", "wrong-answers"]
PERSON = Cause(kind=CauseKind.PERSON, id="p", detail="the older one was fine")


@pytest.fixture
def stage(sagemaker: Any, aws: None, s3: Any, state_table: StateTable, ledger: Ledger) -> Stage:
    return Stage(sagemaker, boto3.client("cloudwatch"), s3, state_table, ledger)


def plan(stage: Stage, **changes: Any) -> Plan:
    asked: dict[str, Any] = {"execution_id": "execution-1"}
    progress = asked | {name: changes.pop(name) for name in list(changes) if name in FIELDS}
    arn = changes.pop("package_arn", stage.arn)
    return stage.planner().plan(
        request(**changes), package_arn=arn, progress=Progress(**progress), at=AT
    )


FIELDS = Progress.__slots__


def test_a_promotion_that_is_redriven_after_it_was_done_does_nothing_again(stage: Stage) -> None:
    stage.endpoints.serve(plan(stage, execution_id="first").deployment)
    stage.leases.release("first")

    assert plan(stage, execution_id="redriven").action is Action.NONE


def test_the_first_plan_creates_model_and_configuration(stage: Stage) -> None:
    made = plan(stage)

    assert (made.action, made.version, made.previous) == (Action.CREATE, 2, "")
    assert made.smoke
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


def test_every_alarm_of_a_rollback_watches_the_candidates_own_figures(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa")
    stage.measurements.median = 2.0
    made = plan(stage)

    assert sorted(made.alarms) == [f"{made.deployment}-{symptom}" for symptom in SYMPTOMS]
    found = stage.cloudwatch.describe_alarms(AlarmNames=list(made.alarms))["MetricAlarms"]
    alarms = {one["AlarmName"].removeprefix(f"{made.deployment}-"): one for one in found}
    assert sorted(alarms) == SYMPTOMS
    own = {
        "EndpointName": "churn-dev",
        "VariantName": "live",
        "EndpointConfigName": made.deployment,
    }
    figures = {"Model": "churn", "Environment": "dev", "Deployment": made.deployment}
    limits = {
        "5xx": (0, own),
        "latency-p99": (1_000_000, own),
        "latency-p50": (20_000, own),
        "wrong-answers": (0, figures),
        "prediction-shift": (1, figures),
    }
    for symptom, (threshold, dimensions) in limits.items():
        alarm = alarms[symptom]
        assert alarm["Threshold"] == threshold, symptom
        assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == dimensions
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert (alarm["TreatMissingData"], alarm["Period"]) == ("notBreaching", 60)
        assert "docs/runbooks/candidate-rolled-back.md" in alarm["AlarmDescription"]
    assert alarms["latency-p50"]["EvaluateLowSampleCountPercentile"] == "ignore"
    assert stage.measurements.asked == ["churn-dev-v1-aaaaaaaa"]


@pytest.mark.parametrize(("median", "limit_ms"), [(None, 1000), (0.2, 20), (3.0, 20), (6.0, 30)])
def test_the_median_may_be_some_times_the_champions_but_always_a_few_milliseconds(
    stage: Stage, median: float | None, limit_ms: float
) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa")
    stage.measurements.median = median
    made = plan(stage)

    [alarm] = stage.cloudwatch.describe_alarms(AlarmNames=[f"{made.deployment}-latency-p50"])[
        "MetricAlarms"
    ]
    assert alarm["Threshold"] == limit_ms * 1000


def test_a_plan_made_again_finds_what_the_first_made(stage: Stage) -> None:
    first = plan(stage)

    assert plan(stage) == first
    configs = stage.sagemaker.list_endpoint_configs()["EndpointConfigs"]
    assert [config["EndpointConfigName"] for config in configs] == [first.deployment]


def test_a_promotion_done_again_has_the_same_name_and_another_has_another(stage: Stage) -> None:
    names = [plan(stage, run_id=run).deployment for run in ("x", "x", "y")]

    assert names[0] == names[1] != names[2]
    assert names[0].startswith("churn-dev-v2-")


def test_a_smoke_test_that_was_passed_is_not_made_again(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa")

    made = plan(stage, smoked=True)

    assert (made.action, made.smoke) == (Action.UPDATE, False)


def test_a_serving_endpoint_is_updated_with_as_many_instances_as_it_has(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", instances=4)

    made = plan(stage)

    assert (made.action, made.previous) == (Action.UPDATE, "churn-dev-v1-aaaaaaaa")
    assert made.own == ("DataCaptureConfig", "DesiredWeight")
    config = stage.sagemaker.describe_endpoint_config(EndpointConfigName=made.deployment)
    assert config["ProductionVariants"][0]["InitialInstanceCount"] == 4


def test_with_autoscaling_headroom_comes_first_and_once(stage: Stage) -> None:
    stage.card = SCALED
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", instances=4)
    assert plan(stage).headroom == 5

    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", instances=5)
    assert plan(stage, headroom=5).headroom == 0


def test_a_changing_endpoint_is_waited_for_and_nothing_is_made(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", status="Updating")

    assert plan(stage).action is Action.WAIT
    assert stage.sagemaker.list_models()["Models"] == []
    assert stage.alarm_names() == []
    with pytest.raises(EndpointBusy, match="endpoint churn-dev is Updating"):
        plan(stage, waits=10_000)


def test_a_failed_endpoint_is_removed_and_waited_for(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", status="Failed")

    assert plan(stage).action is Action.WAIT
    assert stage.endpoints.deleted == ["churn-dev"]


def test_a_second_promotion_waits_for_the_first(stage: Stage) -> None:
    plan(stage, execution_id="first")

    waiting = plan(stage, execution_id="second")
    assert waiting.action is Action.WAIT
    assert waiting.reason == "another promotion is under way: first"

    stage.leases.release("first")  # what settlement does
    assert plan(stage, execution_id="second").action is Action.CREATE


def test_other_bytes_than_the_registered_ones_are_refused_before_anything_is_made(
    stage: Stage,
) -> None:
    stage.s3.put_object(
        Bucket="artifacts", Key="churn/models/job/output/model.tar.gz", Body=b"swapped"
    )

    with pytest.raises(PromotionRefused, match="the artifact's sha256 is"):
        plan(stage)
    assert stage.sagemaker.list_models()["Models"] == []
    assert stage.status() == "Rejected"
    [line] = stage.ledger.newest_first("churn", [LedgerKind.CANDIDATE_REJECTED])
    assert "the artifact's sha256 is" in line.summary
    assert line.details["model_package_arn"] == stage.arn


def test_the_same_bytes_written_again_are_another_version_and_refused(stage: Stage) -> None:
    stage.s3.put_object(
        Bucket="artifacts", Key="churn/models/job/output/model.tar.gz", Body=ARCHIVE
    )

    with pytest.raises(PromotionRefused, match="the artifact's S3 version is"):
        plan(stage)
    assert stage.status() == "Approved"


def test_a_version_without_its_image_is_refused_before_anything_is_made(stage: Stage) -> None:
    stage.images.missing = True

    with pytest.raises(PromotionRefused, match="does not exist"):
        plan(stage)
    assert stage.sagemaker.list_models()["Models"] == []
    assert stage.status() == "Rejected"


def test_an_archive_that_would_fill_a_disk_is_refused_before_anybody_unpacks_it(
    stage: Stage,
) -> None:
    bomb = tarfile.TarInfo("weights.bin")
    bomb.size = 1 << 40
    content = gzip.compress(bomb.tobuf())
    where = {"Bucket": "artifacts", "Key": "churn/models/job/output/model.tar.gz"}
    stage.version_id = stage.s3.put_object(**where, Body=content)["VersionId"]
    stage.arn = stage.register(artifact_sha256=sha256(content).hexdigest())

    with pytest.raises(PromotionRefused, match="is not unpacked: its archive holds more than"):
        plan(stage)
    assert stage.status() == "Rejected"


def test_what_serves_or_has_served_is_refused_but_not_rejected(stage: Stage) -> None:
    stage.images.missing = True
    stage.champion.move(replace(CHAMPION, model_package_arn=stage.arn), token=1)

    with pytest.raises(PromotionRefused, match="does not exist"):
        plan(stage, champion=stage.champion.read())
    assert stage.status() == "Approved"


def test_a_paused_model_is_not_promoted_but_may_be_rolled_back(stage: Stage) -> None:
    stage.pauses.begin(Pause(by="eve", reason="holidays", since=AT))

    with pytest.raises(PromotionRefused, match=r"churn is paused by eve since .*: holidays"):
        plan(stage)
    assert stage.sagemaker.list_models()["Models"] == []
    assert plan(stage, purpose=Purpose.ROLLBACK, cause=PERSON).action is Action.CREATE


def test_a_pause_does_not_stop_a_deployment_that_is_under_way(stage: Stage) -> None:
    made = plan(stage)
    stage.pauses.begin(Pause(by="eve", reason="holidays", since=AT))
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa", status="Updating", pending=made.deployment)

    assert plan(stage).action is Action.WATCH


def test_a_candidate_whose_champion_was_replaced_meanwhile_is_refused(stage: Stage) -> None:
    stage.champion.move(CHAMPION, token=1)

    with pytest.raises(PromotionRefused, match="compared its candidate with no champion"):
        plan(stage)
    assert plan(stage, champion=CHAMPION).action is Action.CREATE


def test_a_candidate_that_takes_other_requests_than_callers_send_is_refused(stage: Stage) -> None:
    stage.champion.move(replace(CHAMPION, model_package_arn=stage.first), token=1)
    narrow = "s3://reports/churn/runs/narrow/schema.json"
    rows = [dict(row) for row in FEATURES]
    rows[1]["max"] = 10
    stage.documents.write("reports", "churn/runs/narrow/schema.json", render({"features": rows}))
    arn = stage.register(schema_uri=narrow)
    champion = stage.champion.read()

    with pytest.raises(PromotionRefused, match=f"callers may send {rows[1]['name']} from"):
        plan(stage, package_arn=arn, champion=champion)
    fit = plan(stage, champion=champion)
    assert fit.action is Action.CREATE
    assert fit.champions_predictions_uri.endswith("/evaluation/predictions.json")


def test_a_rollback_reuses_the_deployment_that_served(stage: Stage) -> None:
    served, arn = "churn-dev-v3-cccccccc", stage.register(status="Rejected")
    made = replace(plan(stage), deployment=served)
    version = stage.planner().registry.version(arn)
    stage.lines.note(LedgerKind.PROMOTED, request(), made, version, AT, "it was", {})
    stage.endpoints.serve("churn-dev-v4-bbbbbbbb")

    rollback = plan(stage, purpose=Purpose.ROLLBACK, cause=PERSON, package_arn=arn)

    assert (rollback.action, rollback.deployment) == (Action.RESTORE, served)
    assert not rollback.smoke
    stage.sagemaker.describe_endpoint_config(EndpointConfigName=served)


def test_only_errors_send_away_what_a_person_puts_back(stage: Stage) -> None:
    """Callers' requests may have changed since its hold-out: that is why they want it back."""
    rollback = plan(stage, purpose=Purpose.ROLLBACK, cause=PERSON)

    assert rollback.alarms == (f"{rollback.deployment}-5xx",)
    assert stage.alarm_names() == [f"{rollback.deployment}-5xx"]


def test_the_champion_put_in_its_own_place_again_is_deployed_anew(stage: Stage) -> None:
    champion = replace(CHAMPION, model_package_arn=stage.arn, version=2, deployment="churn-dev-v2")
    stage.champion.move(champion, token=1)
    made = replace(plan(stage, champion=champion), deployment=champion.deployment)
    version = stage.planner().registry.version(stage.arn)
    stage.lines.note(LedgerKind.PROMOTED, request(), made, version, AT, "it was", {})
    stage.endpoints.serve(champion.deployment)

    again = plan(stage, purpose=Purpose.ROLLBACK, cause=PERSON, champion=champion)

    assert again.action is Action.RESTORE
    assert again.deployment != champion.deployment


def test_what_never_served_and_is_not_approved_cannot_be_rolled_back_to(stage: Stage) -> None:
    arn = stage.register(status="Rejected")

    with pytest.raises(PromotionRefused, match="the approval is 'Rejected'"):
        plan(stage, purpose=Purpose.ROLLBACK, cause=PERSON, package_arn=arn)


def test_only_the_champion_is_woken_and_as_its_own_deployment(stage: Stage) -> None:
    with pytest.raises(PromotionRefused, match="only the champion is woken, got version 2"):
        plan(stage, purpose=Purpose.WAKE)

    stage.champion.move(replace(CHAMPION, model_package_arn=stage.arn, version=2), token=1)
    woken = plan(stage, purpose=Purpose.WAKE)

    assert (woken.action, woken.deployment) == (Action.CREATE, CHAMPION.deployment)
    assert not woken.smoke


LOST = Failure(error="States.Timeout", cause="", calls=1, redrive=0, seen="1997-07-01T03:00:00Z")


def test_a_call_that_fails_for_good_ends_in_its_own_error(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa")
    assert plan(stage, failure=LOST).action is Action.UPDATE

    denied = Failure(error="SageMaker.SageMakerException", cause="no", calls=5, redrive=0, seen="")
    with pytest.raises(Exception, match=r"SageMaker\.SageMakerException, 5 times: no"):
        plan(stage, failure=denied)


def test_after_a_lost_reply_the_plan_still_knows_what_served_before(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa")
    made = plan(stage)
    stage.endpoints.serve(made.deployment)

    again = plan(stage, failure=LOST, previous=made.previous)

    assert (again.action, again.previous) == (Action.NONE, "churn-dev-v1-aaaaaaaa")


def test_a_run_that_a_newer_one_overtook_moves_nothing(stage: Stage) -> None:
    stage.champion.move(CHAMPION, token=5)

    with pytest.raises(PromotionRefused, match="holds token 4, and a run with token 5 has"):
        plan(stage, fencing_token=4)
    assert stage.sagemaker.list_models()["Models"] == []
