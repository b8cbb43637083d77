"""An account that is killed during a training job leaves nothing that the next one minds."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import client, processes
from emulator.client import RunningAccount
from tests.system.emulator_host import proc

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

_NEVER_ENDS = """
import subprocess, sys, time
# A process of its own session, as a training framework may start: it does not die with its group.
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("training", flush=True)
time.sleep(600)
"""
_ROLE = "arn:aws:iam::000000000000:role/any"


def test_an_account_killed_during_a_training_job_starts_again_on_its_folder(tmp_path: Path):
    state = tmp_path / "account"
    killed = client.start(state=state)
    _train_without_end(killed, tmp_path)
    children = list(processes.marked(state))
    assert len(children) >= 2

    os.kill(killed.pid, signal.SIGKILL)
    with client.start(state=state) as account:
        assert _until(lambda: not any(proc.alive(pid) for pid in children))
        assert account.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []
        _train_without_end(account, tmp_path)
        again = [account.pid, *processes.marked(state)]
    assert _until(lambda: not any(proc.alive(pid) for pid in again))
    killed.stop()


def _train_without_end(account: RunningAccount, room: Path) -> None:
    """Start a job and return while its processes run."""
    (room / "train.py").write_text(_NEVER_ENDS)
    account.client("ecr").create_repository(repositoryName="images")
    image = account.register_image(
        "images",
        "endless",
        root=room,
        sources=["train.py"],
        entrypoint=["python", "train.py"],
        path=[Path(sys.executable).parent],
    )
    account.client("s3").create_bucket(Bucket="artifacts")
    account.client("sagemaker").create_training_job(
        TrainingJobName="endless",
        AlgorithmSpecification={"TrainingImage": image["uri"], "TrainingInputMode": "File"},
        RoleArn=_ROLE,
        OutputDataConfig={"S3OutputPath": "s3://artifacts/models"},
        ResourceConfig={
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 10,
        },
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    assert _until(lambda: len(list(processes.marked(account.state))) >= 2)


def _until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
