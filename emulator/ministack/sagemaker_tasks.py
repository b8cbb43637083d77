"""Step Functions' optimized integration with SageMaker, and the names its SDK integration uses.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from emulator.sagemaker.errors import ServiceError

_POLL = 0.05
"""Real seconds between two looks at a running job."""
MODELLED = ("ResourceNotFound", "ResourceInUse", "ResourceLimitExceeded", "ConflictException")
"""The errors of botocore's ``sagemaker`` model: only these have classes in the SDKs."""


class SageMaker(Protocol):
    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]: ...


class TaskError(Exception):
    """A task's failure, with the error name and the cause that Step Functions gives."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    describe: str
    stop: str
    name: str
    status: str


_JOBS = {
    "createTrainingJob": _Job(
        describe="DescribeTrainingJob",
        stop="StopTrainingJob",
        name="TrainingJobName",
        status="TrainingJobStatus",
    ),
    "createProcessingJob": _Job(
        describe="DescribeProcessingJob",
        stop="StopProcessingJob",
        name="ProcessingJobName",
        status="ProcessingJobStatus",
    ),
    "createTransformJob": _Job(
        describe="DescribeTransformJob",
        stop="StopTransformJob",
        name="TransformJobName",
        status="TransformJobStatus",
    ),
}
_CALLS = (*_JOBS, "createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint")
_END = ("Completed", "Failed", "Stopped")


def run_task(
    sagemaker: SageMaker,
    resource: str,
    request: Mapping[str, Any],
    abandoned: Callable[[], bool],
) -> dict[str, Any]:
    """Perform ``arn:aws:states:::sagemaker:<action>[.sync]``.

    With ``.sync`` the job's end is awaited and its description is the result; a job that does not
    complete fails the task. When nobody waits any more the job is stopped, as AWS does ("if the
    task is stopped, Step Functions makes a best-effort attempt to cancel the job").
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    """
    action, _, pattern = resource.rsplit(":", 1)[-1].partition(".")
    if action not in _CALLS or pattern not in ("", "sync") or (pattern and action not in _JOBS):
        raise TaskError(
            "States.Runtime", f"the embedded account does not emulate the resource {resource}"
        )
    answer = jsonable(_call(sagemaker, action[0].upper() + action[1:], request))
    if not pattern:
        return answer
    job = _JOBS[action]
    return _await(sagemaker, job, {job.name: request[job.name]}, abandoned)


def _await(
    sagemaker: SageMaker, job: _Job, named: Mapping[str, Any], abandoned: Callable[[], bool]
) -> dict[str, Any]:
    while True:
        described = _call(sagemaker, job.describe, named)
        if described[job.status] in _END:
            break
        if abandoned():
            _stop(sagemaker, job, named)
            raise TaskError("States.TaskFailed", "the task was abandoned")
        time.sleep(_POLL)
    result = jsonable(described)
    if described[job.status] != "Completed":
        # The name and the cause are those seen in executions; no AWS page states them.
        raise TaskError("States.TaskFailed", json.dumps(result, separators=(",", ":")))
    return result


def _stop(sagemaker: SageMaker, job: _Job, named: Mapping[str, Any]) -> None:
    with suppress(ServiceError):  # it may have ended by itself meanwhile
        sagemaker.call(job.stop, named)


def _call(sagemaker: SageMaker, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return sagemaker.call(operation, request)
    except ServiceError as error:
        raise TaskError(optimized_error(error.code), cause(error, "AmazonSageMaker")) from error


def optimized_error(code: str) -> str:
    """Name an API error as the optimized integration does.

    AWS's samples retry ``SageMaker.AmazonSageMakerException`` and
    ``SageMaker.ResourceLimitExceededException``: the classes of the AWS SDK for Java 1.
    """
    return f"SageMaker.{sdk_class(code, 'AmazonSageMakerException')}"


def sdk_error(code: str) -> str:
    """Name an API error as ``aws-sdk:sagemaker`` does: the classes of the AWS SDK for Java 2.

    https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """
    return f"SageMaker.{sdk_class(code, 'SageMakerException')}"


def sdk_class(code: str, otherwise: str) -> str:
    if code not in MODELLED:
        return otherwise
    return code if code.endswith("Exception") else code + "Exception"


def cause(error: ServiceError, service: str) -> str:
    """Word the cause as the SDK words its exception."""
    return (
        f"{error.message} (Service: {service}; Status Code: {error.status}; "
        f"Error Code: {error.code}; Request ID: {uuid.uuid4()}; Proxy: null)"
    )


def jsonable(value: Any) -> Any:
    """Return a result as state data: timestamps are milliseconds since the epoch.

    So they come back from the optimized integration; AWS's pages do not say it (unproven).
    """
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, Mapping):
        return {str(name): jsonable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value
