"""SageMaker's own Python SDK against the account: it trains with our entry point, and it asks."""

import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import artifact
from contracts.layout import split_s3_uri
from demo.history import Delivery
from emulator.client import PROJECT
from tests.system.integrations.workbench import ROLE, Workbench

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

PYTHON = PROJECT / ".perennial" / "env" / "sdk" / "bin" / "python"
EXAMPLE = PROJECT / "examples" / "train_and_ask.py"
ENDPOINT = "by-hand"


def run_example(workbench: Workbench, home: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """Run it as a person does; return what it answered, and what it said meanwhile."""
    done = subprocess.run(
        [PYTHON, EXAMPLE, *arguments],
        env={**workbench.account.environment(), "HOME": str(home), "PATH": "/usr/bin:/bin"},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.fixture
def serve(workbench: Workbench) -> Iterator[Callable[[str], None]]:
    """Put an artifact behind an endpoint, as promotion does; take it down at the end."""
    sagemaker = workbench.client("sagemaker")

    def put(artifact_uri: str) -> None:
        sagemaker.create_model(
            ModelName=ENDPOINT,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": workbench.image,
                "ModelDataUrl": artifact_uri,
                "Environment": {
                    artifact.MANIFEST_VARIABLE: manifest_digest(workbench, artifact_uri),
                    artifact.VERSION_VARIABLE: "7",
                },
            },
        )
        variant = {
            "VariantName": "live",
            "ModelName": ENDPOINT,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
        waiter = sagemaker.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    yield put
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)


def channels_of(job: dict[str, Any]) -> dict[str, str]:
    return {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in job["InputDataConfig"]
    }


def manifest_digest(workbench: Workbench, artifact_uri: str) -> str:
    bucket, key = split_s3_uri(artifact_uri)
    packed = workbench.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        found = tar.extractfile(artifact.MANIFEST)
        assert found is not None
        return artifact.parse_manifest(found.read()).sha256


def test_the_example_trains_with_the_images_entry_point_and_asks_an_endpoint(
    workbench: Workbench,
    files: list[Delivery],
    serve: Callable[[str], None],
    tmp_path: Path,
) -> None:
    workbench.train("run-1-train-0", workbench.give(files[:-1]))
    given = workbench.give(files)
    changed = {"snapshot": given.snapshot, **given.manifests}
    trained, said = run_example(
        *(workbench, tmp_path, "train", "--like", "run-1-train-0", "--set", "max_iter=3"),
        *(f"--channel={name}={uri}" for name, uri in changed.items()),
    )
    sagemaker = workbench.client("sagemaker")
    first = sagemaker.describe_training_job(TrainingJobName="run-1-train-0")
    job = sagemaker.describe_training_job(TrainingJobName=trained["job"])
    assert job["AlgorithmSpecification"]["TrainingImage"] == workbench.image
    assert job["HyperParameters"] == {
        **first["HyperParameters"],
        "max_iter": "3",
        "run_id": "by-hand",
    }
    assert channels_of(job) == {**channels_of(first), **changed}
    assert channels_of(job) != channels_of(first)

    assert "hold-out: 1997-04-01, 23570 rows" in said  # the job's own log, followed

    serve(trained["model"])
    answered, _ = run_example(
        workbench, tmp_path, "ask", ENDPOINT, "3,120,2,40,5,90,300", "200,200,0,0,0,0,20"
    )

    assert answered["model_version"] == "7"
    loyal, lost = (prediction["score"] for prediction in answered["predictions"])
    assert 0 < loyal < lost < 1
