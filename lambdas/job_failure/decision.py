"""The error that stands for a job's, with the part of its description that people need."""

import json
from collections.abc import Mapping
from typing import Any

_NEEDED = (
    "TrainingJobName",
    "TrainingJobStatus",
    "ProcessingJobName",
    "ProcessingJobStatus",
    "SecondaryStatus",
    "FailureReason",
    "ExitMessage",
    "StoppingCondition",
)
"""A whole description may be longer than a cause, which Step Functions then cuts (32,768)."""


def raised_again(error: str, cause: str) -> Exception:
    """Return an exception whose class has the error's name: a handler's error is named so.

    Only Step Functions itself may report names that begin with ``States.``
    (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
    """
    name = "JobFailed" if error == "States.TaskFailed" else error
    return type(name, (Exception,), {})(_shortened(cause))


def _shortened(cause: str) -> str:
    try:
        described: Mapping[str, Any] | Any = json.loads(cause)
    except ValueError:
        return cause
    if not isinstance(described, dict):
        return cause
    kept = {name: value for name, value in described.items() if name in _NEEDED}
    return json.dumps(kept) if kept else cause
