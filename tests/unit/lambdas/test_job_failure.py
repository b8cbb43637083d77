import json
from typing import Any

import pytest

from lambdas.job_failure.handler import lambda_handler
from lambdas.settlement.failure import explain

QUOTA = (
    "The account-level service limit 'ml.m5.large for training job usage' is 0 Instances, with "
    "current utilization of 0 Instances and a request delta of 1 Instances. (Service: …)"
)
JOB = {
    "TrainingJobName": "churn-dev-1-train-0",
    "TrainingJobStatus": "Failed",
    "FailureReason": "CapacityError: Unable to provision requested ML compute capacity.",
    "HyperParameters": {"long": "x" * 40_000},
}


def event(error: str, cause: str, *, failed_in: int = 0, redrive: int = 0) -> dict[str, Any]:
    failure = {"Error": error, "Cause": cause}
    return {"failure": failure, "failed_in": failed_in, "redrive": redrive}


def test_a_refused_job_fails_the_run_with_its_own_error_and_cause() -> None:
    with pytest.raises(Exception, match=r"ml\.m5\.large for training job usage") as raised:
        lambda_handler(event("SageMaker.ResourceLimitExceededException", QUOTA), None)

    assert type(raised.value).__name__ == "SageMaker.ResourceLimitExceededException"


def test_a_failed_job_keeps_what_people_need_of_its_description() -> None:
    with pytest.raises(Exception, match="CapacityError") as raised:
        lambda_handler(event("States.TaskFailed", json.dumps(JOB)), None)

    assert type(raised.value).__name__ == "JobFailed"
    assert json.loads(str(raised.value)).keys() == JOB.keys() - {"HyperParameters"}


@pytest.mark.parametrize("cause", ["not JSON", "[1]", '{"other": "JSON"}', ""])
def test_any_other_cause_stays_as_it_is(cause: str) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        lambda_handler(event("Other", cause), None)

    assert str(raised.value) == cause


def test_settlement_reads_a_job_raised_again_as_the_job_itself() -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011
        lambda_handler(event("States.TaskFailed", json.dumps(JOB)), None)
    told = {"errorMessage": str(raised.value), "errorType": type(raised.value).__name__}

    failure = explain("JobFailed", json.dumps(told))

    assert failure.error == "JobFailed"
    assert failure.text == (
        "training job churn-dev-1-train-0 is Failed: "
        "CapacityError: Unable to provision requested ML compute capacity."
    )


def test_a_redrive_lets_the_job_begin_anew() -> None:
    again = event("States.TaskFailed", "cause", failed_in=1, redrive=2)

    assert lambda_handler(again, None) == {"verdict": "begin anew"}
    with pytest.raises(Exception, match="cause"):
        lambda_handler({**again, "redrive": 1}, None)
