"""Training jobs under the container contract, with real processes."""

import io
import json
import os
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.faults.callers import Callers
from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.jobs import Jobs, Kind
from emulator.sagemaker.service import SageMaker
from emulator.sagemaker.tags import Tags
from tests.unit.emulator.jobs.conftest import training_request
from tests.unit.emulator.sagemaker_core.an_account import AnAccount, SomeImages

Script = Callable[[str], Path]
Train = Callable[..., dict[str, Any]]

_SUCCEEDS = """
    (ml / "model" / "model.txt").write_text("weights")
    print("auc: 0.75")
    print("auc: 0.81")
"""

_SEEN = {
    "PATH",
    "LANG",
    "HOME",
    "TMPDIR",
    "OWN",
    "AT",
    "FROM_IMAGE",
    "SAGEMAKER_BASE_DIR",
    "TRAINING_JOB_NAME",
    "TRAINING_JOB_ARN",
}


def _ml(account: AnAccount) -> Path:
    return account.state_dir / "sagemaker" / "jobs" / "training-job" / "train-1" / "ml"


def _archived(account: AnAccount, key: str) -> dict[str, bytes]:
    body = account.client("s3").get_object(Bucket="data", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {
            member.name: file.read()
            for member in tar.getmembers()
            if (file := tar.extractfile(member)) is not None
        }


def _object(account: AnAccount, key: str) -> bytes:
    return account.client("s3").get_object(Bucket="data", Key=key)["Body"].read()


def test_a_job_whose_process_exits_0_completes_and_its_model_is_in_s3(
    script: Script, train: Train, account: AnAccount
) -> None:
    script(_SUCCEEDS)
    described = train()
    assert described["TrainingJobStatus"] == described["SecondaryStatus"] == "Completed"
    assert described["ModelArtifacts"] == {
        "S3ModelArtifacts": "s3://data/models/train-1/output/model.tar.gz"
    }
    assert described["TrainingTimeInSeconds"] == described["BillableTimeInSeconds"] >= 1
    assert [each["Status"] for each in described["SecondaryStatusTransitions"]] == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert all("EndTime" in each for each in described["SecondaryStatusTransitions"])
    assert _archived(account, "models/train-1/output/model.tar.gz") == {"model.txt": b"weights"}


def test_the_same_model_gives_the_same_archive(
    script: Script, train: Train, account: AnAccount
) -> None:
    script(_SUCCEEDS)
    train()
    account.clock.advance(days=3)
    train(TrainingJobName="train-2")
    first, second = (_object(account, f"models/train-{n}/output/model.tar.gz") for n in (1, 2))
    assert first == second


def test_a_script_finds_its_data_its_parameters_and_its_configuration(
    script: Script, train: Train, account: AnAccount
) -> None:
    script("""
        config = ml / "input" / "config"
        files = sorted(str(f.relative_to(ml)) for f in (ml / "input/data").rglob("*.csv"))
        found = {
            "files": files,
            "first": (ml / files[1]).read_text(),
            "argv": sys.argv[1:],
            "hyperparameters": json.loads((config / "hyperparameters.json").read_text()),
            "resources": json.loads((config / "resourceconfig.json").read_text()),
            "channels": json.loads((config / "inputdataconfig.json").read_text()),
        }
        (ml / "output" / "data" / "found.json").write_text(json.dumps(found))
    """)
    assert train()["TrainingJobStatus"] == "Completed"
    found = json.loads(_archived(account, "models/train-1/output/output.tar.gz")["found.json"])
    assert found["files"] == [
        "input/data/train/more/part-1.csv",
        "input/data/train/part-0.csv",
    ]
    assert found["first"] == "a,b\n1,2\n"
    assert found["argv"] == ["train"]
    assert found["hyperparameters"] == {"depth": "3", "name": "tree"}
    assert found["resources"]["current_host"] == "algo-1"
    assert found["resources"]["hosts"] == ["algo-1"]
    assert found["channels"]["train"] == {
        "ContentType": "text/csv",
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }


def test_a_process_sees_the_contract_and_nothing_of_the_accounts_own_environment(
    script: Script, train: Train, account: AnAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_HOST", "leaked")
    root = script("""
        (ml / "output" / "data" / "env.json").write_text(json.dumps(dict(os.environ)))
        (ml / "output" / "data" / "cwd").write_text(os.getcwd())
    """)
    train(Environment={"OWN": "1", "AT": "/opt/ml/output/data/x"})
    output = _archived(account, "models/train-1/output/output.tar.gz")
    seen = json.loads(output["env.json"])
    ml = _ml(account)
    assert output["cwd"].decode() == str(root)
    assert "A_SECRET_OF_THE_HOST" not in seen
    ours = {name for name in seen if not name.startswith(("SM_", "AWS_", "PYTHON"))}
    assert ours - {"LC_CTYPE"} == _SEEN
    assert seen["PATH"].split(":")[0] == str(root / "bin")
    assert seen["OWN"] == "1"
    assert seen["AT"] == str(ml / "output" / "data" / "x")
    assert seen["FROM_IMAGE"] == "yes"
    assert seen["AWS_ENDPOINT_URL"] == account.endpoint_url
    assert seen["SAGEMAKER_BASE_DIR"] == str(ml)
    assert seen["SM_MODEL_DIR"] == str(ml / "model")
    assert seen["SM_CHANNEL_TRAIN"] == str(ml / "input" / "data" / "train")
    assert seen["SM_CHANNELS"] == '["train"]'
    assert json.loads(seen["SM_HPS"]) == {"depth": 3, "name": "tree"}
    assert seen["SM_HP_DEPTH"] == "3"
    assert seen["SM_HP_NAME"] == "tree"
    assert seen["SM_OUTPUT_DATA_DIR"] == str(ml / "output" / "data")
    assert seen["SM_CURRENT_HOST"] == "algo-1"
    assert not list(root.rglob("__pycache__"))


def test_a_failed_job_says_why_in_its_own_words_and_with_its_exit_code(
    script: Script, train: Train, account: AnAccount
) -> None:
    script("""
        (ml / "model" / "half.txt").write_text("half")
        (ml / "output" / "failure").write_text("column spend is missing")
        sys.exit(1)
    """)
    described = train()
    assert described["TrainingJobStatus"] == described["SecondaryStatus"] == "Failed"
    assert described["FailureReason"] == "AlgorithmError: column spend is missing, exit code: 1"
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket="data", Prefix="models/")


def test_a_long_failure_text_never_costs_the_exit_code(script: Script, train: Train) -> None:
    script("""
        (ml / "output" / "failure").write_text("x" * 5000)
        sys.exit(3)
    """)
    reason = train()["FailureReason"]
    assert len(reason) == 1024
    assert reason.endswith("xx, exit code: 3")


def test_a_killed_process_is_told_apart_from_one_that_failed(script: Script, train: Train) -> None:
    script("os.kill(os.getpid(), signal.SIGKILL)")
    described = train()
    assert described["TrainingJobStatus"] == "Failed"
    assert described["FailureReason"] == "AlgorithmError: , exit code: 137"


@pytest.mark.slow
def test_a_job_that_runs_too_long_is_stopped_and_keeps_what_it_saved(
    script: Script, train: Train, account: AnAccount
) -> None:
    script("""
        def save(*_):
            (ml / "model" / "partial.txt").write_text("partial")
            sys.exit(0)
        signal.signal(signal.SIGTERM, save)
        time.sleep(60)
    """)
    described = train(StoppingCondition={"MaxRuntimeInSeconds": 2})
    assert described["TrainingJobStatus"] == "Stopped"
    assert described["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert "FailureReason" not in described
    last = described["SecondaryStatusTransitions"][-1]
    assert last["StatusMessage"] == "Training job runtime exceeded MaxRuntimeInSeconds provided"
    assert _archived(account, "models/train-1/output/model.tar.gz") == {"partial.txt": b"partial"}


def test_an_advanced_clock_never_stops_a_job(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    script("""
        (ml / "ready").touch()
        while not (ml / "go").exists():
            time.sleep(0.01)
    """)
    sagemaker.call("CreateTrainingJob", training_request())
    ml = _ml(account)
    _wait_for_file(ml / "ready")
    account.clock.advance(days=30)
    (ml / "go").touch()
    described = sagemaker.jobs.wait(Kind.TRAINING, "train-1", timeout=20)
    assert described["TrainingJobStatus"] == "Completed"


def test_a_stopped_job_takes_its_children_along(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    script("""
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (ml / "output" / "data" / "pid").write_text(str(child.pid))
        (ml / "ready").touch()
        child.wait()
    """)
    sagemaker.call("CreateTrainingJob", training_request())
    ml = _ml(account)
    _wait_for_file(ml / "ready")
    pid = int((ml / "output" / "data" / "pid").read_text())
    sagemaker.call("StopTrainingJob", {"TrainingJobName": "train-1"})
    described = sagemaker.jobs.wait(Kind.TRAINING, "train-1", timeout=20)
    assert described["TrainingJobStatus"] == described["SecondaryStatus"] == "Stopped"
    assert _is_gone(pid)
    with pytest.raises(ServiceError, match="because the training job is in status Stopped"):
        sagemaker.call("StopTrainingJob", {"TrainingJobName": "train-1"})


def test_an_entry_point_that_does_not_exist_ends_as_a_container_would(
    script: Script, images: SomeImages, train: Train
) -> None:
    images.register(script(""), "no-such-program")
    assert train()["FailureReason"] == "AlgorithmError: , exit code: 127"


def test_the_requests_own_entry_point_replaces_the_images(
    script: Script, train: Train, account: AnAccount
) -> None:
    script("""(ml / "output" / "data" / "argv").write_text(" ".join(sys.argv[1:]))""")
    train(
        AlgorithmSpecification={
            **training_request()["AlgorithmSpecification"],
            "ContainerEntrypoint": [sys.executable, "run.py"],
            "ContainerArguments": ["--fast", "/opt/ml/model", "/elsewhere"],
        }
    )
    ml = _ml(account)
    argv = _archived(account, "models/train-1/output/output.tar.gz")["argv"].decode()
    assert argv == f"--fast {ml / 'model'} /elsewhere"


def test_every_line_reaches_the_log_and_the_last_value_of_a_metric_counts(
    script: Script, train: Train, account: AnAccount
) -> None:
    script(_SUCCEEDS + "\n    print('to stderr', file=sys.stderr)")
    described = train(
        AlgorithmSpecification={
            **training_request()["AlgorithmSpecification"],
            "MetricDefinitions": [{"Name": "validation:auc", "Regex": r"auc: ([0-9.]+)"}],
        }
    )
    ((group, stream), lines) = next(iter(account.logs.items()))
    assert group == "/aws/sagemaker/TrainingJobs"
    assert stream.startswith("train-1/algo-1-")
    assert lines == ["auc: 0.75", "auc: 0.81", "to stderr"]
    (metric,) = described["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("validation:auc", 0.81)


def test_a_manifest_names_the_objects_of_a_channel(
    script: Script, train: Train, account: AnAccount
) -> None:
    account.client("s3").put_object(
        Bucket="data",
        Key="lists/one.manifest",
        Body=b'[{"prefix": "s3://data/train/"}, "more/part-1.csv"]',
    )
    script("""
        files = sorted(str(f.relative_to(ml / "input/data/train"))
                       for f in (ml / "input/data/train").rglob("*.csv"))
        (ml / "output" / "data" / "files").write_text(" ".join(files))
    """)
    channel = training_request()["InputDataConfig"][0]
    source = {"S3DataType": "ManifestFile", "S3Uri": "s3://data/lists/one.manifest"}
    train(InputDataConfig=[{**channel, "DataSource": {"S3DataSource": source}}])
    output = _archived(account, "models/train-1/output/output.tar.gz")
    assert output["files"] == b"more/part-1.csv"


def test_a_stopped_account_leaves_no_process_behind(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    script("""
        (ml / "pid").write_text(str(os.getpid()))
        (ml / "ready").touch()
        time.sleep(60)
    """)
    sagemaker.call("CreateTrainingJob", training_request())
    ml = _ml(account)
    _wait_for_file(ml / "ready")
    sagemaker.stop()
    assert _is_gone(int((ml / "pid").read_text()))


def _wait_for_file(file: Path) -> None:
    until = time.monotonic() + 20
    while not file.exists():
        assert time.monotonic() < until, f"{file} was never written"
        time.sleep(0.01)


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat").read_text()
    return status.rpartition(")")[2].split()[0] == "Z"


def test_jobs_run_side_by_side(script: Script, sagemaker: SageMaker, account: AnAccount) -> None:
    script("""
        jobs = ml.parent.parent
        (ml / "here").touch()
        while len(list(jobs.glob("*/ml/here"))) < 4:
            time.sleep(0.01)
    """)
    names = [f"train-{number}" for number in range(4)]
    for name in names:
        sagemaker.call("CreateTrainingJob", training_request(TrainingJobName=name))
    for name in names:
        described = sagemaker.jobs.wait(Kind.TRAINING, name, timeout=30)
        assert described["TrainingJobStatus"] == "Completed"


def test_a_process_that_ignores_the_polite_signal_is_killed(
    script: Script, account: AnAccount, images: SomeImages
) -> None:
    script("""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (ml / "ready").touch()
        time.sleep(60)
    """)
    tags = Tags(account_id=account.account_id, region=account.region)
    jobs = Jobs(account, images, tags, callers=Callers(), grace=0.1)
    jobs.create_training_job(training_request())
    _wait_for_file(_ml(account) / "ready")
    jobs.stop_training_job({"TrainingJobName": "train-1"})
    assert jobs.wait(Kind.TRAINING, "train-1", timeout=20)["TrainingJobStatus"] == "Stopped"


def test_an_uncompressed_model_goes_to_s3_file_by_file(
    script: Script, train: Train, account: AnAccount
) -> None:
    script(_SUCCEEDS)
    described = train(
        OutputDataConfig={"S3OutputPath": "s3://data/models/", "CompressionType": "NONE"}
    )
    assert (
        described["ModelArtifacts"]["S3ModelArtifacts"] == "s3://data/models/train-1/output/model/"
    )
    assert _object(account, "models/train-1/output/model/model.txt") == b"weights"
