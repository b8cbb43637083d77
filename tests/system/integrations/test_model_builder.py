"""Clients that know nothing of us: the SageMaker SDK's ModelBuilder and the AWS CLI."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.history import Delivery
from emulator.client import PROJECT
from tests.system.integrations.test_sagemaker_sdk import manifest_digest
from tests.system.integrations.workbench import ARTIFACTS, DATA, ROLE, Workbench

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

SDK = PROJECT / ".perennial" / "env" / "sdk" / "bin" / "python"
AWS = PROJECT / ".perennial" / "env" / "awscli" / "bin" / "aws"
EXAMPLE = PROJECT / "examples" / "deploy_a_version.py"
GROUP = "by-the-sdk"
LOYAL, LOST = "3,120,2,40,5,90,300", "200,200,0,0,0,0,20"


@dataclass(frozen=True)
class Desk:
    """A person's shell, with nothing but the variables that point at the account."""

    workbench: Workbench
    home: Path

    def run(self, *command: object) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            env={
                **self.workbench.account.environment(),
                "HOME": str(self.home),
                "PATH": "/usr/bin:/bin",
            },
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def example(self, *arguments: object) -> dict[str, Any]:
        return json.loads(self.run(SDK, EXAMPLE, *arguments).splitlines()[-1])

    def aws(self, *arguments: object) -> Any:
        told = self.run(AWS, *arguments, "--output", "json")
        return json.loads(told) if told.strip() else None


@pytest.fixture
def desk(workbench: Workbench, tmp_path: Path) -> Desk:
    return Desk(workbench, tmp_path)


@pytest.fixture(scope="module")
def versions(workbench: Workbench, files: list[Delivery]) -> Iterator[list[str]]:
    """Two versions of one artifact in the registry: what differs is what they say they are."""
    job = workbench.train("builder-train-0", workbench.give(files[:-1]))
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    sagemaker = workbench.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    container = {"Image": workbench.image, "ModelDataUrl": uri}
    made = [
        sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="Approved",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties={"manifest_sha256": manifest_digest(workbench, uri)},
        )["ModelPackageArn"]
        for _ in range(2)
    ]
    yield made
    for endpoint in sagemaker.list_endpoints(NameContains=GROUP)["Endpoints"]:
        sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])


def test_model_builder_deploys_updates_and_asks_and_the_aws_cli_describes_it(
    desk: Desk, versions: list[str]
) -> None:
    told = [
        desk.example(version, "--endpoint", GROUP, "--role", ROLE, LOYAL, LOST)
        for version in versions
    ]
    assert [each["model_version"] for each in told] == ["1", "2"]
    loyal, lost = (each["score"] for each in told[1]["predictions"])
    assert 0 < loyal < lost < 1

    described = desk.aws("sagemaker", "describe-endpoint", "--endpoint-name", GROUP)
    assert described["EndpointStatus"] == "InService"
    config = described["EndpointConfigName"]
    config = desk.aws("sagemaker", "describe-endpoint-config", "--endpoint-config-name", config)
    [variant] = config["ProductionVariants"]
    assert variant["ModelName"] == told[1]["model"]


def test_model_builder_scores_a_file_by_a_transform_job(
    desk: Desk, versions: list[str], workbench: Workbench
) -> None:
    s3 = workbench.client("s3")
    s3.put_object(Bucket=DATA, Key="rows/rows.csv", Body=f"{LOYAL}\n{LOST}\n".encode())
    places = "--batch", f"s3://{DATA}/rows/rows.csv", "--out", f"s3://{ARTIFACTS}/scored"
    told = desk.example(versions[0], "--role", ROLE, *places)
    body = s3.get_object(Bucket=ARTIFACTS, Key="scored/rows.csv.out")["Body"].read()
    loyal, lost = (json.loads(line) for line in body.splitlines())
    assert loyal["score"] < lost["score"]
    assert lost["model_version"] == "1"
    listed = desk.aws("sagemaker", "list-transform-jobs", "--status-equals", "Completed")
    assert told["job"] in {each["TransformJobName"] for each in listed["TransformJobSummaries"]}


def test_the_aws_cli_alone_deploys_invokes_scores_and_removes(
    desk: Desk, versions: list[str], workbench: Workbench
) -> None:
    sagemaker = workbench.client("sagemaker")
    package = sagemaker.describe_model_package(ModelPackageName=versions[0])
    [container] = package["InferenceSpecification"]["Containers"]
    digest = package["CustomerMetadataProperties"]["manifest_sha256"]
    primary = {
        "Image": container["Image"],
        "ModelDataUrl": container["ModelDataUrl"],
        "Environment": {
            "PERENNIAL_MANIFEST_SHA256": digest,
            "PERENNIAL_MODEL_VERSION": "1",
        },
    }
    name = f"{GROUP}-cli"
    variant = f"VariantName=live,ModelName={name},InstanceType=ml.m5.large,InitialInstanceCount=1"
    model = "--model-name", name, "--primary-container", json.dumps(primary)
    desk.aws("sagemaker", "create-model", *model, "--execution-role-arn", ROLE)
    config = "--endpoint-config-name", name, "--production-variants", variant
    desk.aws("sagemaker", "create-endpoint-config", *config)
    endpoint = "--endpoint-name", name
    desk.aws("sagemaker", "create-endpoint", *endpoint, "--endpoint-config-name", name)
    desk.aws("sagemaker", "wait", "endpoint-in-service", *endpoint)

    (desk.home / "rows.csv").write_text(f"{LOYAL}\n{LOST}\n")
    asked = "--content-type", "text/csv", "--body", "fileb://rows.csv", "answer.json"
    desk.aws("sagemaker-runtime", "invoke-endpoint", *endpoint, *asked)
    answer = json.loads((desk.home / "answer.json").read_text())
    assert answer["model_version"] == "1"

    desk.run(AWS, "s3", "cp", "rows.csv", f"s3://{DATA}/cli/rows.csv")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{DATA}/cli/"}
    given = {
        "DataSource": {"S3DataSource": source},
        "ContentType": "text/csv",
        "SplitType": "Line",
    }
    job = "--transform-job-name", name
    desk.aws(
        *("sagemaker", "create-transform-job", *job, "--model-name", name),
        *("--transform-input", json.dumps(given)),
        *("--transform-output", f"S3OutputPath=s3://{ARTIFACTS}/cli,Accept=application/jsonlines"),
        *("--transform-resources", "InstanceType=ml.m5.large,InstanceCount=1"),
    )
    waiter = sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    desk.run(AWS, "s3", "cp", f"s3://{ARTIFACTS}/cli/rows.csv.out", "scored.jsonl")
    scored = [json.loads(line) for line in (desk.home / "scored.jsonl").read_text().splitlines()]
    assert [each["score"] for each in scored] == [each["score"] for each in answer["predictions"]]

    desk.aws("sagemaker", "delete-endpoint", *endpoint)
    desk.aws("sagemaker", "wait", "endpoint-deleted", *endpoint)
