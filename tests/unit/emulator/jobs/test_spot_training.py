"""Checkpoints outlive an instance; a job on spot instances loses them and goes on."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.jobs import Kind
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.jobs.conftest import training_request
from tests.unit.emulator.sagemaker_core.an_account import AnAccount

Script = Callable[[str], Path]
Train = Callable[..., dict[str, Any]]
CHECKPOINTS = {"CheckpointConfig": {"S3Uri": "s3://data/checkpoints/run"}}

_COUNTS = """
    kept = ml / "checkpoints" / "epoch.txt"
    epoch = int(kept.read_text()) if kept.exists() else 0
    (ml / "model" / "model.txt").write_text(f"started at {epoch}")
    kept.write_text(str(epoch + 1))
"""
_WAITS = (
    _COUNTS
    + """
    (ml / "model" / "ready").touch()
    while epoch == 0:
        time.sleep(0.02)
"""
)


def spot(*, runtime: int = 60, wait: int = 120, **changes: Any) -> dict[str, Any]:
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": runtime, "MaxWaitTimeInSeconds": wait},
        **CHECKPOINTS,
        **changes,
    }


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def stored(account: AnAccount, key: str) -> bytes | None:
    s3 = account.client("s3")
    try:
        return s3.get_object(Bucket="data", Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


def ready(account: AnAccount) -> bool:
    jobs = account.state_dir / "sagemaker" / "jobs"
    return (jobs / "training-job" / "train-1" / "ml" / "model" / "ready").exists()


def ended(sagemaker: SageMaker) -> dict[str, Any]:
    return sagemaker.jobs.wait(Kind.TRAINING, "train-1", timeout=30)


def stages(described: dict[str, Any]) -> list[str]:
    return [each["Status"] for each in described["SecondaryStatusTransitions"]]


def test_a_second_job_finds_the_checkpoints_of_the_first(
    script: Script, train: Train, account: AnAccount
) -> None:
    script(_COUNTS)
    account.client("s3").put_object(Bucket="data", Key="checkpoints/run-2/epoch.txt", Body=b"99")
    for name in ("first", "second"):
        assert train(TrainingJobName=name, **CHECKPOINTS)["TrainingJobStatus"] == "Completed"
    assert stored(account, "checkpoints/run/epoch.txt") == b"2"


def test_checkpoints_are_stored_while_the_job_runs(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    script(_WAITS)
    sagemaker.call("CreateTrainingJob", training_request(**CHECKPOINTS))
    until(lambda: stored(account, "checkpoints/run/epoch.txt") == b"1")
    described = sagemaker.call("DescribeTrainingJob", {"TrainingJobName": "train-1"})
    assert described["TrainingJobStatus"] == "InProgress"


def test_an_interrupted_job_starts_again_from_its_checkpoint(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    script(_WAITS)
    sagemaker.call("CreateTrainingJob", training_request(**spot()))
    until(lambda: ready(account))
    sagemaker.jobs.interrupt_spot({"job_name": "train-1"})
    described = ended(sagemaker)
    assert stages(described) == [
        "Starting",
        "Downloading",
        "Training",
        "Interrupted",
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert stored(account, "checkpoints/run/epoch.txt") == b"2"
    assert 0 < described["BillableTimeInSeconds"] <= described["TrainingTimeInSeconds"]


def test_without_checkpoints_an_interrupted_job_begins_anew(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    root = script("""
        mark = pathlib.Path(os.environ["TMPDIR"]).parents[1] / "again"
        again = mark.exists()
        mark.touch()
        assert not (ml / "checkpoints").exists() and not (ml / "model" / "ready").exists()
        (ml / "model" / "ready").touch()
        while not again:
            time.sleep(0.02)
    """)
    assert root.exists()
    request = spot()
    del request["CheckpointConfig"]
    sagemaker.call("CreateTrainingJob", training_request(**request))
    until(lambda: ready(account))
    sagemaker.jobs.interrupt_spot({"job_name": "train-1"})
    assert ended(sagemaker)["TrainingJobStatus"] == "Completed"


def test_a_spot_job_without_capacity_waits_until_it_has_waited_too_long(
    script: Script, sagemaker: SageMaker, train: Train
) -> None:
    script("pass")
    sagemaker.jobs.scarcity.limit({"instance_type": "ml.m5.large", "capacity": 0})
    described = train(**spot(runtime=1, wait=1))
    assert stages(described) == ["Starting", "Stopping", "MaxWaitTimeExceeded"]
    assert described["TrainingJobStatus"] == "Stopped"


def test_a_spot_job_runs_when_capacity_comes_back(script: Script, sagemaker: SageMaker) -> None:
    script("pass")
    sagemaker.jobs.scarcity.limit({"instance_type": "ml.m5.large", "capacity": 0})
    sagemaker.call("CreateTrainingJob", training_request(**spot()))
    assert sagemaker.jobs.wait(Kind.TRAINING, "train-1", timeout=0.2)["SecondaryStatus"] == (
        "Starting"
    )
    sagemaker.jobs.scarcity.limit({"instance_type": "ml.m5.large"})
    assert ended(sagemaker)["TrainingJobStatus"] == "Completed"


def test_the_runtime_of_all_attempts_together_is_limited(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    script("""
        time.sleep(1)
        (ml / "model" / "ready").touch()
        time.sleep(60)
    """)
    sagemaker.call("CreateTrainingJob", training_request(**spot(runtime=2, wait=60)))
    until(lambda: ready(account))
    sagemaker.jobs.interrupt_spot({"job_name": "train-1"})
    described = ended(sagemaker)
    assert described["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert described["TrainingTimeInSeconds"] <= 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}},
            "only supported when EnableManagedSpotTraining is set to true",
        ),
        ({"EnableManagedSpotTraining": True}, "must be present"),
        (spot(runtime=60, wait=59), "greater than or equal to MaxRuntimeInSeconds"),
        (
            {"CheckpointConfig": {"S3Uri": "s3://data/c", "LocalPath": "/checkpoints"}},
            r"CheckpointConfig.LocalPath=/checkpoints \(only /opt/ml/checkpoints and below\)",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    script: Script, sagemaker: SageMaker, changes: dict[str, Any], said: str
) -> None:
    script("pass")
    with pytest.raises(ServiceError, match=said):
        sagemaker.call("CreateTrainingJob", training_request(**changes))


def test_only_a_training_spot_job_can_be_interrupted(
    script: Script, sagemaker: SageMaker, train: Train
) -> None:
    script("pass")
    train(TrainingJobName="on-demand")
    train(TrainingJobName="over", **spot())
    for name, said in (("on-demand", "does not run on spot"), ("over", "is in Completed")):
        with pytest.raises(ValueError, match=said):
            sagemaker.jobs.interrupt_spot({"job_name": name})


@pytest.mark.parametrize(
    ("strategy", "status"),
    [({"RetryStrategy": {"MaximumRetryAttempts": 1}}, "Completed"), ({}, "Failed")],
)
def test_a_fault_of_the_service_is_retried_as_often_as_asked(
    script: Script, train: Train, account: AnAccount, strategy: dict[str, Any], status: str
) -> None:
    script("pass")
    faults = iter([RuntimeError("the service's own")])
    account.client("s3").meta.events.register_first(
        "before-call.s3.GetObject", lambda **_: _raise(next(faults, None)), unique_id="fault"
    )
    try:
        described = train(**strategy)
    finally:
        account.client("s3").meta.events.unregister("before-call.s3.GetObject", unique_id="fault")
    assert described["TrainingJobStatus"] == status
    assert stages(described).count("Starting") == (2 if strategy else 1)


def _raise(error: Exception | None) -> None:
    if error is not None:
        raise error
