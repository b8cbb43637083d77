import json
import time
from typing import Any

import boto3
import pytest

from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.promotion.errors import CandidateFailedSmokeTest, SmokeTestBroken
from lambdas.promotion.smoke_test import SmokeTest
from tests.unit.lambdas.examples import request
from tests.unit.lambdas.promotion_stage import SCORES, Stage
from tests.unit.lambdas.test_promotion_plan import plan

OUTPUT = "s3://reports/churn/runs/churn-dev-0123456789ab/smoke/job/golden.csv.out"
JOB = "churn-dev-v2-bbbbbbbb-smoke-0"


@pytest.fixture
def stage(sagemaker: Any, aws: None, s3: Any, state_table: StateTable, ledger: Ledger) -> Stage:
    return Stage(sagemaker, boto3.client("cloudwatch"), s3, state_table, ledger)


@pytest.fixture
def logs(aws: None) -> Any:
    client = boto3.client("logs")
    client.create_log_group(logGroupName="/aws/sagemaker/TransformJobs")
    return client


def judge(
    stage: Stage, logs: Any, *, error: str = "", cause: str = "", redrive: int = 0
) -> dict[str, str]:
    test = SmokeTest(output_uri=OUTPUT, error=error, cause=cause, redrive=0)
    return stage.smoke_judge(logs).judge(request(), plan(stage), stage.arn, test, redrive=redrive)


def answer(stage: Stage, scores: list[float], version: str = "2") -> None:
    document = {"model_version": version, "predictions": [{"score": each} for each in scores]}
    stage.documents.write(
        "reports", OUTPUT.removeprefix("s3://reports/"), json.dumps(document).encode()
    )


def test_a_candidate_that_gives_the_known_answers_alone_has_passed(stage: Stage, logs: Any) -> None:
    answer(stage, SCORES)

    assert judge(stage, logs) == {"verdict": "passed"}
    assert stage.status() == "Approved"


@pytest.mark.parametrize(
    ("scores", "version", "message"),
    [
        ([0.25, 0.76], "2", "golden row 2 must be answered 0.75, got 0.76"),
        ([0.25], "2", "2 golden rows must be answered, got 1 answers"),
        (SCORES, "1", "the answer must name version 2, names 1"),
    ],
)
def test_a_candidate_that_answers_otherwise_is_rejected_and_told_why(
    stage: Stage,
    logs: Any,
    ledger_table: Any,
    scores: list[float],
    version: str,
    message: str,
) -> None:
    answer(stage, scores, version)

    with pytest.raises(CandidateFailedSmokeTest) as refusal:
        judge(stage, logs)

    assert str(refusal.value) == f"version 2 failed its smoke test, alone: {message}"
    assert stage.status() == "Rejected"
    assert stage.alarm_names() == []
    [line] = ledger_table.scan()["Items"]
    assert (line["kind"], line["details"]["serving"]) == ("rolled_back", "nothing")


def test_an_answer_that_is_no_json_rejects_the_candidate(stage: Stage, logs: Any) -> None:
    stage.documents.write("reports", OUTPUT.removeprefix("s3://reports/"), b"<html>")

    with pytest.raises(CandidateFailedSmokeTest, match="must be JSON with model_version"):
        judge(stage, logs)


def failed(reason: str, status: str = "Failed") -> str:
    return json.dumps(
        {"TransformJobName": JOB, "TransformJobStatus": status, "FailureReason": reason}
    )


def test_a_container_that_does_not_start_rejects_its_candidate_with_the_end_of_its_log(
    stage: Stage, logs: Any
) -> None:
    stream, now = f"{JOB}/i-1", int(time.time() * 1000)  # moto drops what is old
    logs.create_log_stream(logGroupName="/aws/sagemaker/TransformJobs", logStreamName=stream)
    logs.put_log_events(
        logGroupName="/aws/sagemaker/TransformJobs",
        logStreamName=stream,
        logEvents=[
            {"timestamp": now + n, "message": text}
            for n, text in enumerate(["starting", "ImportError: no module named model"])
        ],
    )
    cause = failed("AlgorithmError: the container exited with code 1")

    with pytest.raises(CandidateFailedSmokeTest) as refusal:
        judge(stage, logs, error="States.TaskFailed", cause=cause)

    assert str(refusal.value) == (
        "version 2 failed its smoke test, alone: AlgorithmError: the container exited with code 1; "
        "the end of its log: starting | ImportError: no module named model"
    )
    assert stage.status() == "Rejected"


@pytest.mark.parametrize(
    ("error", "cause", "message"),
    [
        ("States.TaskFailed", failed("CapacityError: Unable to provision"), "CapacityError"),
        ("States.TaskFailed", failed("InternalServerError: try again"), "InternalServerError"),
        ("States.TaskFailed", failed("", "Stopped"), "the job is Stopped without a reason"),
        ("SageMaker.ResourceLimitExceededException", "0 instances", "0 instances"),
        ("States.Timeout", "", "no cause was given"),
    ],
)
def test_a_smoke_test_that_could_not_be_made_rejects_nobody_and_is_made_again_by_a_redrive(
    stage: Stage, logs: Any, error: str, cause: str, message: str
) -> None:
    with pytest.raises(SmokeTestBroken, match=message):
        judge(stage, logs, error=error, cause=cause)

    assert stage.status() == "Approved"
    assert judge(stage, logs, error=error, cause=cause, redrive=1) == {"verdict": "again"}
