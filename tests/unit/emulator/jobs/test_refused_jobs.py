"""What AWS refuses when a job is asked for, and what this account cannot do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.jobs.conftest import processing_request, training_request
from tests.unit.emulator.sagemaker_core.an_account import IMAGE_URI, ROLE

Script = Callable[[str], Path]
Job = Callable[..., dict[str, Any]]


def _refused(sagemaker: SageMaker, operation: str, request: dict[str, Any]) -> ServiceError:
    with pytest.raises(ServiceError) as refusal:
        sagemaker.call(operation, request)
    return refusal.value


def test_a_training_job_of_an_unknown_image_is_refused(sagemaker: SageMaker) -> None:
    error = _refused(sagemaker, "CreateTrainingJob", training_request())
    assert error.code == "ValidationException"
    assert error.message == (
        f"Cannot find the requested image: {IMAGE_URI} with tag: 1 and digest: null. Please check "
        f"if your ECR image exists and role {ROLE} has proper pull permissions for SageMaker: "
        "ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"
    )


def test_a_training_job_without_its_input_is_refused(sagemaker: SageMaker, script: Script) -> None:
    script("")
    channel = training_request()["InputDataConfig"][0]
    for uri in ("s3://data/nothing", "s3://no-such-bucket/train"):
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
        request = training_request(InputDataConfig=[{**channel, "DataSource": source}])
        error = _refused(sagemaker, "CreateTrainingJob", request)
        assert error.code == "ValidationException"
        assert error.message.startswith(
            f'No S3 objects found under S3 URL "{uri}" given in input data source.'
        )


def test_a_processing_job_of_an_unknown_image_fails(process: Job) -> None:
    described = process()
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == (
        f"ClientError: API error (404): manifest for {IMAGE_URI} not found: "
        "manifest unknown: Requested image not found"
    )


def test_a_processing_job_without_its_input_fails(script: Script, process: Job) -> None:
    script("")
    entry = processing_request()["ProcessingInputs"][0]
    entry["S3Input"]["S3Uri"] = "s3://data/nothing"
    described = process(ProcessingInputs=[entry])
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == (
        "ClientError: Failed to download data. No S3 objects found under S3 URL "
        '"s3://data/nothing" of input "raw"'
    )


def test_a_name_is_given_once(
    sagemaker: SageMaker, script: Script, train: Job, process: Job
) -> None:
    script("")
    train()
    process()
    error = _refused(sagemaker, "CreateTrainingJob", training_request())
    assert error.code == "ResourceInUse"
    assert error.message == (
        "Training job names must be unique within an AWS account and region, and a training job "
        "with this name already exists "
        "(arn:aws:sagemaker:eu-west-1:123456789012:training-job/train-1)"
    )
    error = _refused(sagemaker, "CreateProcessingJob", processing_request())
    assert error.code == "ResourceInUse"
    assert error.message.endswith("processing-job/check-1)")


def test_an_unknown_job_is_a_validation_error_as_on_aws(sagemaker: SageMaker) -> None:
    error = _refused(sagemaker, "DescribeTrainingJob", {"TrainingJobName": "x"})
    assert (error.code, error.message) == ("ValidationException", "Requested resource not found.")
    error = _refused(sagemaker, "StopProcessingJob", {"ProcessingJobName": "x"})
    assert error.message == "Could not find requested job with name: x"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (
            {"SessionChainingConfig": {"EnableSessionTagChaining": True}},
            "SessionChainingConfig.EnableSessionTagChaining",
        ),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2}},
            "ResourceConfig.InstanceCount=2 (only 1)",
        ),
        (
            {"AlgorithmSpecification": {"TrainingImage": IMAGE_URI, "TrainingInputMode": "Pipe"}},
            "AlgorithmSpecification.TrainingInputMode=Pipe (only File or FastFile)",
        ),
    ],
)
def test_what_a_training_job_cannot_have_here_is_refused_by_name(
    sagemaker: SageMaker, changes: dict[str, Any], named: str
) -> None:
    error = _refused(sagemaker, "CreateTrainingJob", training_request(**changes))
    assert error.code == "NotImplemented"
    assert error.message == (
        f"the embedded account does not emulate sagemaker:CreateTrainingJob with {named}"
    )


def test_what_a_processing_job_cannot_have_here_is_refused_by_name(sagemaker: SageMaker) -> None:
    request = processing_request()
    request["ProcessingInputs"][0]["AppManaged"] = True
    error = _refused(sagemaker, "CreateProcessingJob", request)
    assert error.message.endswith("with ProcessingInputs.AppManaged=True (only False)")
    request = processing_request()
    request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    error = _refused(sagemaker, "CreateProcessingJob", request)
    assert error.message.endswith("S3UploadMode=Continuous (only EndOfJob)")


@pytest.mark.parametrize("path", ["/opt/ml/input", "/opt/ml/processing/../../etc", "/tmp/x"])
def test_a_processing_path_outside_the_containers_folder_is_refused(
    sagemaker: SageMaker, path: str
) -> None:
    request = processing_request()
    request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = path
    error = _refused(sagemaker, "CreateProcessingJob", request)
    assert error.message == f"LocalPath of raw must begin with /opt/ml/processing/, got {path}"
