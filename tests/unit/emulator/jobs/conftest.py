"""A SageMaker whose one image runs the Python that a test writes."""

import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from emulator.sagemaker.jobs import Kind
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.sagemaker_core.an_account import (
    IMAGE_URI,
    REGION,
    ROLE,
    AnAccount,
    SomeImages,
)


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """S3 by moto, with one bucket; a module's tests share it, as making it is slow."""
    # One session for all tests: a new one reads and parses the service models again.
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        client = AnAccount(Path()).client("s3")
        client.create_bucket(
            Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield client


@pytest.fixture
def account(tmp_path: Path, s3: Any) -> AnAccount:
    for found in s3.list_objects_v2(Bucket="data").get("Contents", []):
        s3.delete_object(Bucket="data", Key=found["Key"])
    s3.put_object(Bucket="data", Key="train/part-0.csv", Body=b"a,b\n1,2\n")
    s3.put_object(Bucket="data", Key="train/more/part-1.csv", Body=b"3,4\n")
    return AnAccount(tmp_path / "state", s3=s3)


@pytest.fixture
def images() -> SomeImages:
    return SomeImages()


@pytest.fixture
def sagemaker(account: AnAccount, images: SomeImages) -> Iterator[SageMaker]:
    sagemaker = SageMaker(account, images, endpoints=[])
    sagemaker.start()
    yield sagemaker
    sagemaker.stop()


@pytest.fixture
def script(images: SomeImages, tmp_path: Path) -> Callable[[str], Path]:
    """Register an image that runs the given Python."""

    def make(body: str) -> Path:
        root = tmp_path / "image"
        (root / "bin").mkdir(parents=True)
        prelude = "import json, os, pathlib, sys, time, signal\n"
        prelude += "ml = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        (root / "run.py").write_text(prelude + textwrap.dedent(body))
        images.register(root, sys.executable, "run.py", FROM_IMAGE="yes")
        return root

    return make


def training_request(**changes: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "train-1",
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": IMAGE_URI, "TrainingInputMode": "File"},
        "HyperParameters": {"depth": "3", "name": "tree"},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train"}
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/models"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **changes,
    }


def processing_request(**changes: Any) -> dict[str, Any]:
    return {
        "ProcessingJobName": "check-1",
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": IMAGE_URI},
        "ProcessingInputs": [
            {
                "InputName": "raw",
                "S3Input": {
                    "S3Uri": "s3://data/train",
                    "LocalPath": "/opt/ml/processing/input/raw",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "report",
                    "S3Output": {
                        "S3Uri": "s3://data/reports/check-1",
                        "LocalPath": "/opt/ml/processing/output/report",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 5,
            }
        },
        **changes,
    }


@pytest.fixture
def train(sagemaker: SageMaker) -> Callable[..., dict[str, Any]]:
    """Run a training job to its end; return its description as the API gives it."""

    def run(**changes: Any) -> dict[str, Any]:
        request = training_request(**changes)
        sagemaker.call("CreateTrainingJob", request)
        sagemaker.jobs.wait(Kind.TRAINING, request["TrainingJobName"], timeout=30)
        return sagemaker.call(
            "DescribeTrainingJob", {"TrainingJobName": request["TrainingJobName"]}
        )

    return run


@pytest.fixture
def process(sagemaker: SageMaker) -> Callable[..., dict[str, Any]]:
    def run(**changes: Any) -> dict[str, Any]:
        request = processing_request(**changes)
        sagemaker.call("CreateProcessingJob", request)
        sagemaker.jobs.wait(Kind.PROCESSING, request["ProcessingJobName"], timeout=30)
        return sagemaker.call(
            "DescribeProcessingJob", {"ProcessingJobName": request["ProcessingJobName"]}
        )

    return run


@pytest.fixture
def written(account: AnAccount) -> Callable[[str], Any]:
    """Read a JSON object that a job brought to S3."""

    def read(key: str) -> Any:
        body = account.client("s3").get_object(Bucket="data", Key=key)["Body"].read()
        return json.loads(body)

    return read
