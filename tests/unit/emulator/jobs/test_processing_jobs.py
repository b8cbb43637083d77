"""Processing jobs under the container contract, with real processes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.jobs import Kind
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.jobs.conftest import processing_request
from tests.unit.emulator.sagemaker_core.an_account import IMAGE_URI, AnAccount

Script = Callable[[str], Path]
Process = Callable[..., dict[str, Any]]


def test_a_processing_job_reads_its_inputs_and_its_outputs_go_to_s3(
    script: Script, process: Process, written: Callable[[str], Any], account: AnAccount
) -> None:
    script("""
        raw, out = map(pathlib.Path, sys.argv[1:3])
        config = json.loads((ml / "config" / "processingjobconfig.json").read_text())
        report = {
            "files": sorted(str(f.relative_to(raw)) for f in raw.rglob("*.csv")),
            "arn": os.environ["PROCESSING_JOB_ARN"],
            "config": config["ProcessingJobName"],
            "hosts": json.loads((ml / "config" / "resourceconfig.json").read_text())["hosts"],
        }
        (out / "sub").mkdir()
        (out / "sub" / "report.json").write_text(json.dumps(report))
        (ml / "output" / "message").write_text("2 files are fine")
    """)
    described = process(
        AppSpecification={
            "ImageUri": IMAGE_URI,
            "ContainerArguments": [
                "/opt/ml/processing/input/raw",
                "/opt/ml/processing/output/report",
            ],
        }
    )
    assert described["ProcessingJobStatus"] == "Completed"
    assert described["ExitMessage"] == "2 files are fine"
    assert described["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    report = written("reports/check-1/sub/report.json")
    assert report == {
        "files": ["more/part-1.csv", "part-0.csv"],
        "arn": "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/check-1",
        "config": "check-1",
        "hosts": ["algo-1"],
    }
    assert not account.logs


def test_a_failed_processing_job_brings_its_message_and_no_output(
    script: Script, process: Process, account: AnAccount
) -> None:
    script("""
        (ml / "processing/output/report/half.json").write_text("{}")
        (ml / "output" / "message").write_text("orders.csv: column spend: row 3: not a number")
        print("refused")
        sys.exit(2)
    """)
    described = process()
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"] == "AlgorithmError: , exit code: 2"
    assert described["ExitMessage"] == "orders.csv: column spend: row 3: not a number"
    listed = account.client("s3").list_objects_v2(Bucket="data", Prefix="reports/")
    assert "Contents" not in listed
    ((group, _), lines) = next(iter(account.logs.items()))
    assert (group, lines) == ("/aws/sagemaker/ProcessingJobs", ["refused"])


@pytest.mark.slow
def test_a_processing_job_that_runs_too_long_says_so(script: Script, process: Process) -> None:
    script("time.sleep(60)")
    described = process(StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert described["ProcessingJobStatus"] == "Stopped"
    assert described["FailureReason"] == (
        "MaxRuntimeExceeded: the job ran longer than MaxRuntimeInSeconds (1)"
    )


def test_the_requests_entry_point_replaces_the_images(
    script: Script, process: Process, written: Callable[[str], Any]
) -> None:
    script("")
    code = "import os,pathlib; p=pathlib.Path(os.environ['SAGEMAKER_BASE_DIR']); "
    code += "(p/'processing/output/report/r.json').write_text('[1]')"
    process(
        AppSpecification={
            "ImageUri": IMAGE_URI,
            "ContainerEntrypoint": [sys.executable, "-c", code],
        }
    )
    assert written("reports/check-1/r.json") == [1]


def test_one_object_keeps_its_name_as_an_input(
    script: Script, process: Process, written: Callable[[str], Any]
) -> None:
    script("""
        found = [f.name for f in (ml / "processing/input/raw").iterdir()]
        (ml / "processing/output/report/r.json").write_text(json.dumps(found))
    """)
    entry = processing_request()["ProcessingInputs"][0]
    entry["S3Input"]["S3Uri"] = "s3://data/train/part-0.csv"
    process(ProcessingInputs=[entry])
    assert written("reports/check-1/r.json") == ["part-0.csv"]


def test_a_message_is_cut_after_a_kilobyte_between_characters(
    script: Script, process: Process
) -> None:
    script("""(ml / "output" / "message").write_text("x" + "é" * 1000)""")
    assert process()["ExitMessage"] == "x" + "é" * 511


def test_a_message_that_is_not_utf8_fails_the_job(script: Script, process: Process) -> None:
    script("""(ml / "output" / "message").write_bytes(b"\\xff")""")
    described = process()
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("ClientError: output/message is not UTF-8")


def test_a_processing_job_is_stopped_on_request(
    script: Script, sagemaker: SageMaker, account: AnAccount
) -> None:
    script("time.sleep(60)")
    sagemaker.call("CreateProcessingJob", processing_request())
    sagemaker.call("StopProcessingJob", {"ProcessingJobName": "check-1"})
    described = sagemaker.jobs.wait(Kind.PROCESSING, "check-1", timeout=20)
    assert described["ProcessingJobStatus"] == "Stopped"
    assert "FailureReason" not in described


def test_output_that_cannot_be_uploaded_fails_the_job(script: Script, process: Process) -> None:
    script("""(ml / "processing/output/report/r.json").write_text("1")""")
    config = processing_request()["ProcessingOutputConfig"]
    config["Outputs"][0]["S3Output"]["S3Uri"] = "s3://no-such-bucket/reports"
    described = process(ProcessingOutputConfig=config)
    assert described["ProcessingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("ClientError: Artifact upload failed:")
