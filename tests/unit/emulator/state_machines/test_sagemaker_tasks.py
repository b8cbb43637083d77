import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.ministack.sagemaker_tasks import (
    TaskError,
    optimized_error,
    run_task,
    sdk_error,
)
from emulator.sagemaker.errors import ServiceError, in_use

TRAIN = "arn:aws:states:::sagemaker:createTrainingJob"
MADE = datetime(2026, 11, 24, 6, tzinfo=UTC)


class FakeSageMaker:
    """A SageMaker whose training job goes through the statuses given, one per look."""

    def __init__(self, *statuses: str, refuses: ServiceError | None = None) -> None:
        self.statuses = list(statuses)
        self.refuses = refuses
        self.calls: list[str] = []

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        if self.refuses is not None:
            raise self.refuses
        if operation == "DescribeTrainingJob":
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            return {"TrainingJobStatus": status, "CreationTime": MADE, **request}
        return {"TrainingJobArn": "arn:job"}


def run(sagemaker: FakeSageMaker, resource: str, *, abandoned: bool = False) -> dict[str, Any]:
    return run_task(sagemaker, resource, {"TrainingJobName": "j"}, lambda: abandoned)


def test_request_response_returns_the_answer_at_once() -> None:
    sagemaker = FakeSageMaker("InProgress")
    assert run(sagemaker, TRAIN) == {"TrainingJobArn": "arn:job"}
    assert sagemaker.calls == ["CreateTrainingJob"]


def test_sync_returns_the_description_with_times_in_milliseconds() -> None:
    described = run(FakeSageMaker("InProgress", "Completed"), TRAIN + ".sync")
    assert described == {
        "TrainingJobName": "j",
        "TrainingJobStatus": "Completed",
        "CreationTime": 1795500000000,
    }


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_that_does_not_complete_fails_the_task_with_its_description(status: str) -> None:
    with pytest.raises(TaskError) as raised:
        run(FakeSageMaker(status), TRAIN + ".sync")
    assert raised.value.error == "States.TaskFailed"
    assert json.loads(raised.value.cause)["TrainingJobStatus"] == status


def test_an_abandoned_task_stops_its_job() -> None:
    sagemaker = FakeSageMaker("InProgress")
    with pytest.raises(TaskError):
        run(sagemaker, TRAIN + ".sync", abandoned=True)
    assert sagemaker.calls[-1] == "StopTrainingJob"


def test_a_refused_call_is_named_after_the_java_sdk_s_class() -> None:
    with pytest.raises(TaskError, match=r"SageMaker\.ResourceInUseException: there is one"):
        run(FakeSageMaker("-", refuses=in_use("there is one")), TRAIN)


@pytest.mark.parametrize(
    ("code", "optimized", "sdk"),
    [
        ("ResourceNotFound", "ResourceNotFoundException", "ResourceNotFoundException"),
        ("ResourceLimitExceeded", *["ResourceLimitExceededException"] * 2),
        ("ConflictException", "ConflictException", "ConflictException"),
        ("ValidationException", "AmazonSageMakerException", "SageMakerException"),
    ],
)
def test_errors_have_aws_s_names(code: str, optimized: str, sdk: str) -> None:
    assert optimized_error(code) == f"SageMaker.{optimized}"
    assert sdk_error(code) == f"SageMaker.{sdk}"


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
        "arn:aws:states:::sagemaker:createEndpoint.sync",
        TRAIN + ".waitForTaskToken",
    ],
)
def test_what_is_not_emulated_fails_by_name(resource: str) -> None:
    with pytest.raises(TaskError, match=resource):
        run(FakeSageMaker("Completed"), resource)
