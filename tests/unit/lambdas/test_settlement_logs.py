import time
from typing import Any

import boto3
import pytest

from lambdas.settlement.failure import FailedJob
from lambdas.settlement.job_logs import JobLogs

GROUP = "/aws/sagemaker/TrainingJobs"
JOB = FailedJob(kind="TrainingJob", name="run-train-0")


@pytest.fixture
def logs(aws: None) -> Any:
    client = boto3.client("logs")
    client.create_log_group(logGroupName=GROUP)
    return client


def write(logs: Any, stream: str, *lines: str, at: int) -> None:
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    events = [{"timestamp": at + i, "message": line} for i, line in enumerate(lines)]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def now() -> int:
    return int(time.time() * 1000)


def test_the_last_ten_lines_are_told(logs: Any) -> None:
    write(logs, "run-train-0/algo-1-1", *(f"line {n}" for n in range(30)), at=now())

    assert JobLogs(logs).tail(JOB) == [f"line {n}" for n in range(20, 30)]


def test_a_job_that_was_started_again_is_told_by_its_newest_stream(logs: Any) -> None:
    write(logs, "run-train-0/algo-1-2", "the second start", at=now())
    write(logs, "run-train-0/algo-1-1", "the first start", at=now() - 60_000)
    write(logs, "run-train-01/algo-1-3", "another job", at=now() + 60_000)

    assert JobLogs(logs).tail(JOB) == ["the second start"]


def test_a_long_line_is_cut(logs: Any) -> None:
    write(logs, "run-train-0/algo-1-1", "x" * 1000, at=now())

    [line] = JobLogs(logs).tail(JOB)
    assert line == "x" * 239 + "…"


def test_a_job_that_never_ran_has_no_log(logs: Any) -> None:
    assert JobLogs(logs).tail(JOB) == []


def test_a_log_that_cannot_be_read_stops_no_message(logs: Any) -> None:
    missing = FailedJob(kind="ProcessingJob", name="run-validate-0")

    assert JobLogs(logs).tail(missing) == ["(the log could not be read: ResourceNotFoundException)"]
