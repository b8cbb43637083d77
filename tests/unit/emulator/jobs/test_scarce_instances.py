"""A quota refuses a job; a lack of capacity fails it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.jobs import Kind
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.jobs.conftest import processing_request, training_request

Script = Callable[[str], Path]


def limit(sagemaker: SageMaker, **limits: Any) -> None:
    sagemaker.jobs.scarcity.limit({"instance_type": "ml.m5.large", **limits})


@pytest.mark.parametrize(
    ("operation", "request_of", "usage"),
    [
        ("CreateTrainingJob", training_request, "training job usage"),
        ("CreateProcessingJob", processing_request, "processing job usage"),
    ],
)
def test_a_job_over_the_quota_is_refused_in_aws_s_words(
    script: Script,
    sagemaker: SageMaker,
    operation: str,
    request_of: Callable[[], dict[str, Any]],
    usage: str,
) -> None:
    script("pass")
    limit(sagemaker, quota=0)
    with pytest.raises(ServiceError) as refused:
        sagemaker.call(operation, request_of())
    assert refused.value.code == "ResourceLimitExceeded"
    assert refused.value.message.startswith(
        f"The account-level service limit 'ml.m5.large for {usage}' is 0 Instances, with current "
        "utilization of 0 Instances and a request delta of 1 Instances. "
    )


def test_running_jobs_count_towards_the_quota_of_their_kind(
    script: Script, sagemaker: SageMaker, process: Callable[..., dict[str, Any]]
) -> None:
    script("time.sleep(60) if 'SM_HPS' in os.environ else None")
    limit(sagemaker, quota=1)
    sagemaker.call("CreateTrainingJob", training_request())
    with pytest.raises(ServiceError, match="current utilization of 1 Instances"):
        sagemaker.call("CreateTrainingJob", training_request(TrainingJobName="second"))
    assert process()["ProcessingJobStatus"] == "Completed"


def test_a_job_of_another_instance_type_is_not_concerned(
    script: Script, sagemaker: SageMaker, train: Callable[..., dict[str, Any]]
) -> None:
    script("pass")
    limit(sagemaker, quota=0, capacity=0)
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}
    assert train(ResourceConfig=resources)["TrainingJobStatus"] == "Completed"


def test_a_job_without_capacity_is_accepted_and_fails(
    script: Script,
    sagemaker: SageMaker,
    train: Callable[..., dict[str, Any]],
    process: Callable[..., dict[str, Any]],
) -> None:
    script("pass")
    limit(sagemaker, capacity=0)
    for described in (train(), process()):
        assert described["FailureReason"] == (
            "CapacityError: Unable to provision requested ML compute capacity. "
            "Please retry using a different ML instance type."
        )
    assert [
        each["Status"] for each in train(TrainingJobName="t-2")["SecondaryStatusTransitions"]
    ] == [
        "Starting",
        "Failed",
    ]


def test_a_limit_is_lifted_and_an_ended_job_frees_its_instance(
    script: Script, sagemaker: SageMaker, train: Callable[..., dict[str, Any]]
) -> None:
    script("pass")
    limit(sagemaker, capacity=1, quota=1)
    for name in ("first", "second"):
        assert train(TrainingJobName=name)["TrainingJobStatus"] == "Completed"
    limit(sagemaker, capacity=0)
    assert train(TrainingJobName="third")["TrainingJobStatus"] == "Failed"
    limit(sagemaker)
    assert train(TrainingJobName="fourth")["TrainingJobStatus"] == "Completed"
    assert sagemaker.jobs.wait(Kind.TRAINING, "fourth")["TrainingJobStatus"] == "Completed"


def test_a_limit_may_concern_one_kind_of_job(
    script: Script,
    sagemaker: SageMaker,
    train: Callable[..., dict[str, Any]],
    process: Callable[..., dict[str, Any]],
) -> None:
    script("pass")
    limit(sagemaker, jobs="training", quota=1, capacity=0)
    assert process()["ProcessingJobStatus"] == "Completed"
    assert train()["TrainingJobStatus"] == "Failed"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"quota": -1}, "quota must be 0 or more, got -1"),
        (
            {"jobs": "endpoints"},
            "jobs must be training, processing, transform or nothing, got 'endpoints'",
        ),
    ],
)
def test_a_limit_that_means_nothing_is_refused(
    sagemaker: SageMaker, limits: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        limit(sagemaker, **limits)
