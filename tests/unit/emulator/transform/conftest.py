"""Transform jobs of an account whose one model doubles what it is sent."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from emulator.faults.callers import Callers
from emulator.sagemaker.endpoints.models import Models
from emulator.sagemaker.jobs.scarcity import Scarcity
from emulator.sagemaker.operations import operations_of
from emulator.sagemaker.tags import Tags
from emulator.sagemaker.transform import Transforms
from emulator.sagemaker.wire import check_response, read_request
from tests.unit.emulator.sagemaker_core.an_account import (
    IMAGE_URI,
    REGION,
    ROLE,
    AnAccount,
    SomeImages,
)

Object = dict[str, bytes]


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """S3 by moto; a module's tests share it, as making it is slow."""
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        client = AnAccount(Path()).client("s3")
        client.create_bucket(
            Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield client


class MeasuredAccount(AnAccount):
    """An account that keeps the metrics it is sent."""

    def __init__(self, state_dir: Path, **clients: Any) -> None:
        super().__init__(state_dir, **clients)
        self.metrics: list[dict[str, Any]] = []

    def put_metric(self, **datum: Any) -> None:
        self.metrics.append(datum)


class Stage:
    """The account with its transform jobs, asked as the API is."""

    def __init__(self, account: MeasuredAccount) -> None:
        self.account = account
        self.s3 = account.client("s3")
        images: Any = SomeImages()
        images.register(Path(__file__).parent, sys.executable, "-S", "container.py")
        self.scarcity = Scarcity()
        self.models = Models(account, images)
        self.tags = Tags(account_id=account.account_id, region=account.region)
        self.transforms = Transforms(
            account,
            images,
            self.models,
            self.tags,
            callers=Callers(),
            scarcity=self.scarcity,
        )
        self.calls = dict(operations_of(self.transforms)) | dict(operations_of(self.models))

    def call(self, name: str, **request: Any) -> dict[str, Any]:
        return check_response(name, self.calls[name](read_request(name, request)))

    def put(self, **bodies: bytes) -> None:
        """Write input objects by the part of their name before ``.csv``."""
        for name, body in bodies.items():
            self.s3.put_object(Bucket="data", Key=f"in/{name}.csv", Body=body)

    def outputs(self) -> Object:
        found = self.s3.list_objects_v2(Bucket="data", Prefix="out/").get("Contents", [])
        return {
            each["Key"].removeprefix("out/"): self.s3.get_object(Bucket="data", Key=each["Key"])[
                "Body"
            ].read()
            for each in found
        }

    def create(self, name: str = "score-1", *, model: str = "doubler", **changes: Any) -> None:
        self.call("CreateTransformJob", **request(name, model, **changes))

    def run(self, name: str = "score-1", **changes: Any) -> dict[str, Any]:
        self.create(name, **changes)
        return self.transforms.wait(name, timeout=20)

    def data_log(self) -> list[str]:
        """Return the data log's lines without their times."""
        return [
            line.partition(":[sagemaker logs]: ")[2]
            for (group, stream), lines in self.account.logs.items()
            if group == "/aws/sagemaker/TransformJobs" and stream.endswith("/data-log")
            for line in lines
        ]


def request(name: str, model: str, **changes: Any) -> dict[str, Any]:
    given = {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}},
        "ContentType": "text/csv",
        "SplitType": "Line",
    }
    output = {"S3OutputPath": "s3://data/out", "AssembleWith": "Line"}
    return {
        "TransformJobName": name,
        "ModelName": model,
        "TransformInput": given | changes.pop("given", {}),
        "TransformOutput": output | changes.pop("output", {}),
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **changes,
    }


@pytest.fixture
def stage(tmp_path: Path, s3: Any) -> Iterator[Stage]:
    for found in s3.list_objects_v2(Bucket="data").get("Contents", []):
        s3.delete_object(Bucket="data", Key=found["Key"])
    stage = Stage(MeasuredAccount(tmp_path / "state", s3=s3))
    stage.call(
        "CreateModel",
        ModelName="doubler",
        PrimaryContainer={"Image": IMAGE_URI, "Environment": {"FROM_MODEL": "yes"}},
        ExecutionRoleArn=ROLE,
    )
    yield stage
    stage.transforms.stop()
