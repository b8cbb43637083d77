import json
from typing import Any

import pytest

from lambdas.settlement.failure import explain


def job(kind: str = "TrainingJob", **changes: Any) -> str:
    return json.dumps({f"{kind}Name": "run-train-0", f"{kind}Status": "Failed", **changes})


def test_an_exit_code_is_told_with_its_text() -> None:
    cause = job(FailureReason="AlgorithmError: column amount is missing, exit code: 1")

    assert explain("States.TaskFailed", cause).text == (
        "training job run-train-0 failed with exit code 1: "
        "AlgorithmError: column amount is missing, exit code: 1"
    )


@pytest.mark.parametrize(
    ("code", "signal"),
    [
        (137, "SIGKILL, which is how running out of memory ends"),
        (143, "SIGTERM"),
        (-9, "SIGKILL, which is how running out of memory ends"),
        (134, "signal 6"),
    ],
)
def test_a_killed_job_is_told_with_its_signal(code: int, signal: str) -> None:
    cause = job(FailureReason=f"AlgorithmError: , exit code: {code}")

    assert explain("States.TaskFailed", cause).text.startswith(
        f"training job run-train-0 was killed by {signal}: "
    )


def test_a_job_beyond_its_limit_is_told_so() -> None:
    cause = job(
        TrainingJobStatus="Stopped",
        SecondaryStatus="MaxRuntimeExceeded",
        StoppingCondition={"MaxRuntimeInSeconds": 1800},
    )

    assert explain("States.TaskFailed", cause).text == (
        "training job run-train-0 was stopped: it ran longer than its limit of 1800 s (max_runtime)"
    )


def test_a_processing_jobs_exit_message_is_told() -> None:
    cause = job(
        "ProcessingJob",
        ExitMessage="the champion cannot be read",
        FailureReason="AlgorithmError: see logs, exit code: 1",
    )

    assert explain("States.TaskFailed", cause).text == (
        "processing job run-train-0 failed with exit code 1: the champion cannot be read"
    )


def test_a_job_without_exit_code_is_told_with_its_status() -> None:
    cause = job(FailureReason="InternalServerError: try again")

    assert explain("States.TaskFailed", cause).text == (
        "training job run-train-0 is Failed: InternalServerError: try again"
    )


def test_a_handlers_error_is_told_by_its_own_name() -> None:
    cause = json.dumps(
        {
            "errorMessage": "a.csv: amount, row 3: range",
            "errorType": "DataRejected",
            "stackTrace": ["File …"],
        }
    )

    failure = explain("DataRejected", cause)

    assert (failure.error, failure.text) == ("DataRejected", "a.csv: amount, row 3: range")


def test_a_nested_executions_failure_is_unwrapped_to_its_root() -> None:
    handler = json.dumps({"errorMessage": "alarm: 3 > 0", "errorType": "CandidateRolledBack"})
    nested = json.dumps(
        {
            "ExecutionArn": "arn:promotion",
            "Status": "FAILED",
            "Error": "CandidateRolledBack",
            "Cause": handler,
        }
    )

    failure = explain("States.TaskFailed", nested)

    assert (failure.error, failure.text) == ("CandidateRolledBack", "alarm: 3 > 0")


@pytest.mark.parametrize(
    ("error", "cause", "text"),
    [
        ("States.Timeout", None, "it ran longer than its limit"),
        (None, None, "no cause was given"),
        ("Any", "plain words", "plain words"),
        ("Any", '"a JSON text"', '"a JSON text"'),
        ("Any", '{"other": 1}', '{"other": 1}'),
    ],
)
def test_other_causes_stay_as_they_are(error: str | None, cause: str | None, text: str) -> None:
    assert explain(error, cause).text == text


def test_of_a_long_cause_the_end_is_kept() -> None:
    text = explain("Any", "x" * 5000 + " the error").text

    assert len(text) < 800
    assert text.endswith(" the error")


def test_a_job_that_waited_too_long_for_spare_capacity_is_told_so() -> None:
    cause = job(
        TrainingJobStatus="Stopped",
        SecondaryStatus="MaxWaitTimeExceeded",
        StoppingCondition={"MaxRuntimeInSeconds": 1800, "MaxWaitTimeInSeconds": 3600},
    )

    assert explain("States.TaskFailed", cause).text == (
        "training job run-train-0 was stopped: waiting for spare capacity and running took "
        "longer than 3600 s (max_wait_seconds)"
    )
