"""SageMaker jobs as tasks of a state machine: awaited, failed, stopped with it."""

import json
import sys
import textwrap
import threading
from datetime import timedelta
from typing import Any

import pytest

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import ROLE, Machines

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def image(account: RunningAccount, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Register a program that ends as its environment says."""
    root = tmp_path_factory.mktemp("sources")
    (root / "prog").mkdir()
    (root / "prog" / "main.py").write_text(
        textwrap.dedent(
            """
            import os, sys, time

            time.sleep(float(os.environ.get("SECONDS_TO_RUN", "0")))
            sys.exit(int(os.environ.get("EXIT", "0")))
            """
        )
    )
    account.client("ecr").create_repository(repositoryName="programs")
    made = account.register_image(
        "programs",
        "v1",
        root=root,
        sources=["prog"],
        entrypoint=[sys.executable, "-m", "prog.main"],
    )
    return str(made["uri"])


def training(name: str, image: str, **environment: str) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://outputs/models"},
        "ResourceConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "VolumeSizeInGB": 1,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "Environment": environment,
    }


def task(arguments: dict[str, Any], **fields: Any) -> dict[str, dict[str, Any]]:
    resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
    state = {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}
    return {"Train": {**state, **fields}}


@pytest.fixture(autouse=True)
def outputs(account: RunningAccount) -> None:
    account.client("s3").create_bucket(Bucket="outputs")


def status_of(account: RunningAccount, name: str) -> str:
    described = account.client("sagemaker").describe_training_job(TrainingJobName=name)
    return described["TrainingJobStatus"]


def until_running(account: RunningAccount, name: str) -> None:
    for _ in range(200):
        try:
            if status_of(account, name) == "InProgress":
                return
        except account.client("sagemaker").exceptions.ClientError:
            pass
        threading.Event().wait(0.05)
    raise AssertionError(f"{name} never ran")


def until_ended(account: RunningAccount, name: str) -> str:
    for _ in range(200):
        status = status_of(account, name)
        if status in ("Completed", "Failed", "Stopped"):
            return status
        threading.Event().wait(0.05)
    return status


def test_sync_gives_the_description_of_the_completed_job(machines: Machines, image: str) -> None:
    output = {
        "status": "{% $states.result.TrainingJobStatus %}",
        "model": "{% $states.result.ModelArtifacts.S3ModelArtifacts %}",
        "made": "{% $states.result.CreationTime %}",
    }
    ended = machines.ended(machines.start(task(training("good", image), Output=output)))
    told = json.loads(ended["output"])
    assert told["status"] == "Completed"
    assert told["model"] == "s3://outputs/models/good/output/model.tar.gz"
    assert told["made"] > 1_700_000_000_000


def test_a_failed_job_fails_the_execution_and_can_be_redriven(
    machines: Machines, image: str
) -> None:
    name = "{% 'redriven-' & $string($states.context.Execution.RedriveCount) %}"
    exits = "{% $states.context.Execution.RedriveCount = 0 ? '1' : '0' %}"
    arguments = training(name, image, EXIT=exits)
    arn = machines.start(task(arguments))
    ended = machines.ended(arn)
    assert ended["error"] == "States.TaskFailed"
    cause = json.loads(ended["cause"])
    assert cause["TrainingJobStatus"] == "Failed"
    assert "AlgorithmError" in cause["FailureReason"]
    machines.sfn.redrive_execution(executionArn=arn)
    assert machines.ended(arn)["status"] == "SUCCEEDED"


def test_a_second_job_of_the_same_name_is_refused_as_in_use(machines: Machines, image: str) -> None:
    machines.ended(machines.start(task(training("twice", image))))
    ended = machines.ended(machines.start(task(training("twice", image))))
    assert ended["error"] == "SageMaker.ResourceInUseException"


def test_stopping_the_execution_stops_the_job(
    account: RunningAccount, machines: Machines, image: str
) -> None:
    arn = machines.start(task(training("stopped", image, SECONDS_TO_RUN="60")))
    until_running(account, "stopped")
    machines.sfn.stop_execution(executionArn=arn)
    assert until_ended(account, "stopped") == "Stopped"
    assert machines.ended(arn)["status"] == "ABORTED"


def test_a_task_that_times_out_stops_the_job_and_says_so(
    account: RunningAccount, machines: Machines, image: str
) -> None:
    states = task(training("late", image, SECONDS_TO_RUN="60"), TimeoutSeconds=2)
    ended = machines.ended(machines.start(states))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    assert until_ended(account, "late") == "Stopped"


def test_an_advance_of_the_clock_does_not_time_out_a_running_job(
    account: RunningAccount, machines: Machines, image: str
) -> None:
    states = task(training("busy", image, SECONDS_TO_RUN="2"), TimeoutSeconds=3600)
    arn = machines.start(states, TimeoutSeconds=7200)
    until_running(account, "busy")
    account.advance(timedelta(days=3), patience=0.2)
    assert machines.ended(arn)["status"] == "SUCCEEDED"


def test_a_lost_reply_leaves_a_job_that_nobody_waits_for(
    account: RunningAccount, machines: Machines, image: str
) -> None:
    states = task(training("orphan", image, SECONDS_TO_RUN="1"))
    with account.fault("sagemaker", "CreateTrainingJob", "lose_reply"):
        ended = machines.ended(machines.start(states))
    assert ended["error"] == "SageMaker.SdkClientException"
    assert status_of(account, "orphan") == "InProgress"
    assert until_ended(account, "orphan") == "Completed"


def test_jobs_over_the_quota_and_without_capacity_fail_their_task(
    account: RunningAccount, machines: Machines, image: str
) -> None:
    account.limit_instances("ml.m5.large", jobs="training", quota=0)
    ended = machines.ended(machines.start(task(training("over", image))))
    assert ended["error"] == "SageMaker.ResourceLimitExceededException"
    assert "'ml.m5.large for training job usage' is 0 Instances" in ended["cause"]
    account.limit_instances("ml.m5.large", jobs="training", capacity=0)
    ended = machines.ended(machines.start(task(training("scarce", image))))
    account.limit_instances("ml.m5.large")
    assert ended["error"] == "States.TaskFailed"
    assert json.loads(ended["cause"])["FailureReason"].startswith("CapacityError: ")
