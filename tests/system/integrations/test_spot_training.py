"""The recommender's training loses its spot instance, goes on elsewhere, and ends the same."""

import io
import tarfile
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts import artifact, layout
from demo import history, replay
from emulator.client import RunningAccount
from tests.system.integrations.workbench import ARTIFACTS, PATIENCE, Given, Workbench

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

MODEL = "recommender"
KNOWN_BY = date(2022, 6, 1)
EPOCHS = 100
"""Enough for an instance to be lost in between."""


@pytest.fixture(scope="module")
def recommender(account: RunningAccount, workbench: Workbench) -> Workbench:
    return type(workbench).of(account, MODEL)


@pytest.fixture(scope="module")
def given(recommender: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Given:
    known = history.prepared(replay.load(MODEL), tmp_path_factory.mktemp("data") / "log")
    return recommender.give(known.landing(["ratings"], after=None, by=KNOWN_BY))


def spot(name: str) -> dict[str, Any]:
    runtime = int(PATIENCE)
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": runtime, "MaxWaitTimeInSeconds": 2 * runtime},
        "CheckpointConfig": {"S3Uri": layout.s3_uri(ARTIFACTS, f"checkpoints/{name}/")},
    }


def settings() -> dict[str, str]:
    told = {"model": MODEL, "as_of": f"{KNOWN_BY}T00:00:00Z", "run_id": "recommender-dev-spot"}
    return {**told, "epochs": str(EPOCHS)}


def log_of(workbench: Workbench, job: str) -> list[str]:
    """Return what was said in all of the job's containers, one after the other."""
    logs, group = workbench.client("logs"), "/aws/sagemaker/TrainingJobs"
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job}/")
    return [
        event["message"]
        for stream in sorted(each["logStreamName"] for each in streams["logStreams"])
        for event in logs.get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True
        )["events"]
    ]


def files_of(workbench: Workbench, job: dict[str, Any]) -> dict[str, bytes]:
    bucket, key = layout.split_s3_uri(job["ModelArtifacts"]["S3ModelArtifacts"])
    packed = workbench.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = [member for member in archive if member.isfile()]
        opened = ((each.name, archive.extractfile(each)) for each in members)
        return {Path(name).name: file.read() for name, file in opened if file is not None}


def wait_for_a_checkpoint(workbench: Workbench, name: str) -> None:
    end = time.monotonic() + PATIENCE
    s3 = workbench.client("s3")
    while not s3.list_objects_v2(Bucket=ARTIFACTS, Prefix=f"checkpoints/{name}/")["KeyCount"]:
        assert time.monotonic() < end, f"{name} stored no checkpoint"
        threading.Event().wait(0.02)


def test_a_lost_instance_costs_no_finished_epoch_and_changes_no_byte(
    recommender: Workbench, given: Given
) -> None:
    recommender.start("undisturbed", given, settings())
    undisturbed = recommender.ended("undisturbed")
    assert undisturbed["TrainingJobStatus"] == "Completed", undisturbed.get("FailureReason")

    recommender.start("taken", given, settings(), **spot("taken"))
    wait_for_a_checkpoint(recommender, "taken")
    recommender.account.interrupt_spot("taken")
    taken = recommender.ended("taken")
    assert taken["TrainingJobStatus"] == "Completed", taken.get("FailureReason")

    stages = [each["Status"] for each in taken["SecondaryStatusTransitions"]]
    assert "Interrupted" in stages
    said = log_of(recommender, "taken")
    (after,) = (int(line.split()[3]) for line in said if line.startswith("resumed after epoch"))
    epochs = [int(line.split()[1].rstrip(":")) for line in said if line.startswith("epoch ")]
    reached = len(epochs) - (EPOCHS - after)
    # Done again is only what came after the newest checkpoint that was stored.
    # A line may be lost with its instance, whose checkpoint was stored.
    assert 1 <= after <= reached + 1 <= EPOCHS
    assert epochs == [*range(1, reached + 1), *range(after + 1, EPOCHS + 1)]
    manifests = [files_of(recommender, job)[artifact.MANIFEST] for job in (taken, undisturbed)]
    assert manifests[0] == manifests[1]
