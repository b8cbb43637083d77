"""Every state and error class of a run ends in bounded time with exactly one notification."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from contracts import layout
from tests.system.faults.conftest import FIRST, SECOND
from tests.system.faults.walk import Walk

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """An error class, as a call of a state meets it."""

    name: str
    code: str = "States.Timeout"
    effect: str = "error"
    answer: Any = None
    times: int | None = None
    """None: for good, so that the retries are used up."""


TIMEOUT = Class(name="timeout")
THROTTLED_INVOKE = Class(name="throttle", code="TooManyRequestsException")
MALFORMED = Class(
    name="malformed output", effect="answer", answer={"Payload": {}, "StatusCode": 200}
)
HANDLER = (THROTTLED_INVOKE, TIMEOUT)
JOB = (Class(name="throttle", code="ThrottlingException"), TIMEOUT)
LIMIT = Class(name="limit", code="ResourceLimitExceeded")
NO_JOB = Class(name="malformed output", effect="answer", answer={})
PROMOTION = (
    Class(name="throttle", code="ThrottlingException"),
    Class(name="limit", code="ExecutionLimitExceeded"),
    TIMEOUT,
)


def test_every_error_of_every_state_is_told_once_and_then_resumed_from(walk: Walk) -> None:
    walk.forget_champion()
    _data_is_accepted(walk)
    _a_candidate_is_trained(walk)
    _it_is_judged(walk)
    _each(walk, "Promote", "states", "StartExecution", *PROMOTION)

    _has_promoted_once(walk)


@pytest.mark.exhaustive
def test_every_error_of_every_state_of_a_promotion_is_told_once_and_then_resumed_from(
    walk: Walk,
) -> None:
    walk.forget_champion()
    _it_is_promoted(walk)

    _has_promoted_once(walk)


@pytest.mark.exhaustive
def test_a_live_endpoint_is_updated_once_whatever_happens(walk: Walk) -> None:
    walk.has_promoted_a_version()
    walk.forget_champion()  # the next run's is a first model: floor only
    _each_of_promotion(walk, "Plan", "lambda", "Invoke", TIMEOUT)
    throttle, limit = JOB[0], LIMIT
    _each_of_promotion(
        walk, "UpdateEndpoint", "sagemaker", "UpdateEndpoint", throttle, limit, TIMEOUT
    )
    _each_of_promotion(walk, "Observe", "lambda", "Invoke", MALFORMED)

    _has_promoted_once(walk)


def _has_promoted_once(walk: Walk) -> None:
    run = walk.succeeds("no fault any more")
    print(f"{walk.met} pairs of state and error class")
    assert walk.broken == []
    assert run.output.get("outcome") == "promoted", run
    assert len(walk.registered()) == 1
    assert len(walk.trainings()) == 1
    assert len(walk.deployments()) == 1


def _data_is_accepted(walk: Walk) -> None:
    _each(walk, "Snapshot", "lambda", "Invoke", *HANDLER, MALFORMED)
    _handler_fails(walk, "Snapshot")
    _each(walk, "Validate", "sagemaker", "CreateProcessingJob", *JOB, LIMIT)
    with walk.platform.account.fault(
        "s3", "PutObject", of="aws", times=None, code="AccessDenied", status=403
    ):
        walk.breaks("Validate: task failed", "Validate", "validate-")
    _each(walk, "JudgeData", "lambda", "Invoke", *HANDLER, MALFORMED)
    _handler_fails(walk, "JudgeData")
    with _spoiled(walk, layout.validation_prefix(*_run(walk)), "report.json"):
        walk.breaks("JudgeData: the job's output is malformed", "JudgeData", "report.json")


def _a_candidate_is_trained(walk: Walk) -> None:
    account = walk.platform.account
    _each(walk, "Train", "sagemaker", "CreateTrainingJob", *JOB, NO_JOB)
    with _limited(walk, quota=0):
        told = f"The account-level service limit '{SECOND} for training job usage' is 0 Instances"
        walk.breaks("Train: limit of all types", "Train", told)
    with _limited(walk, capacity=0):
        walk.breaks("Train: no capacity of any type", "Train", "CapacityError")
    account.limit_instances(FIRST, capacity=0)  # from here on the second type must do
    _each(walk, "Evaluate", "sagemaker", "CreateProcessingJob", JOB[0])
    account.limit_instances(FIRST)
    walk.note_fallback()
    _each(walk, "Evaluate", "sagemaker", "CreateProcessingJob", TIMEOUT, LIMIT)


def _it_is_judged(walk: Walk) -> None:
    _each(walk, "Register", "lambda", "Invoke", *HANDLER, MALFORMED)
    _handler_fails(walk, "Register")
    for step in ("JudgeCandidate", "Record"):
        malformed = (MALFORMED,) if step == "JudgeCandidate" else ()
        _each(walk, step, "lambda", "Invoke", *HANDLER, *malformed)
        _handler_fails(walk, step)


def _it_is_promoted(walk: Walk) -> None:
    _each_of_promotion(walk, "Plan", "lambda", "Invoke", *HANDLER, MALFORMED)
    _handler_fails(walk, "Plan", at="Promote")
    _each_of_promotion(walk, "SmokeTest", "sagemaker", "CreateTransformJob", *JOB, LIMIT)
    _each_of_promotion(walk, "JudgeSmoke", "lambda", "Invoke", *HANDLER, MALFORMED)
    _handler_fails(walk, "JudgeSmoke", at="Promote")
    moving = "Update" if walk.has_endpoint() else "Create"
    _each_of_promotion(walk, f"{moving}Endpoint", "sagemaker", f"{moving}Endpoint", JOB[0], LIMIT)
    _each_of_promotion(walk, "Observe", "lambda", "Invoke", TIMEOUT)
    # The endpoint has come up meanwhile: a redriven promotion only confirms it.
    _each_of_promotion(walk, "Confirm", "lambda", "Invoke", *HANDLER)
    _handler_fails(walk, "Confirm", at="Promote")


def _each_of_promotion(
    walk: Walk, state: str, service: str, operation: str, *classes: Class
) -> None:
    machine = _name(walk.platform.deployed.promotion_arn)
    for each in classes:
        with _fault(walk, each, service, operation, of=machine, state=state):
            walk.breaks(f"promotion's {state}: {each.name}", "Promote")


def _each(walk: Walk, state: str, service: str, operation: str, *classes: Class) -> None:
    machine = _name(walk.platform.deployed.retraining_arn)
    for each in classes:
        with _fault(walk, each, service, operation, of=machine, state=state):
            walk.breaks(f"{state}: {each.name}", state)


def _handler_fails(walk: Walk, state: str, *, at: str | None = None) -> None:
    """A call that is refused for good: a handler's own error, which nothing retries."""
    function = walk.function_of(state)
    with walk.platform.account.fault(
        "*", "*", of=function, times=None, code="AccessDenied", status=403
    ):
        walk.breaks(f"{state}: task failed", at or state, "AccessDenied")


@contextmanager
def _fault(walk: Walk, each: Class, service: str, operation: str, **where: str) -> Generator[None]:
    with walk.platform.account.fault(
        service,
        operation,
        each.effect,
        code=each.code,
        status=400,
        answer=each.answer,
        times=each.times,
        **where,
    ) as number:
        yield
        walk.note_hit(f"{where['state']}: {each.name}", number)


@contextmanager
def _limited(
    walk: Walk, *, quota: int | None = None, capacity: int | None = None
) -> Generator[None]:
    for instance_type in (FIRST, SECOND):
        walk.platform.account.limit_instances(instance_type, quota=quota, capacity=capacity)
    yield
    for instance_type in (FIRST, SECOND):
        walk.platform.account.limit_instances(instance_type)


@contextmanager
def _spoiled(walk: Walk, prefix: str, name: str) -> Generator[None]:
    """Have a job's document end in the middle, as a full disk would."""
    s3, bucket = walk.platform.client("s3"), walk.platform.deployed.reports_bucket
    whole = s3.get_object(Bucket=bucket, Key=prefix + name)["Body"].read()
    s3.put_object(Bucket=bucket, Key=prefix + name, Body=whole[: len(whole) // 2])
    yield
    s3.put_object(Bucket=bucket, Key=prefix + name, Body=whole)


def _run(walk: Walk) -> tuple[str, str]:
    return walk.platform.deployed.model, walk.run_id


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]
