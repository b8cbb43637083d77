"""Say in plain words why a step failed, from the causes that AWS wraps in one another."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TAIL = 700
"""The end of a long text is where its error is."""
_EXIT_CODE = re.compile(r"exit code:? (-?\d+)", re.IGNORECASE)
_SIGNALS = {9: "SIGKILL, which is how running out of memory ends", 11: "SIGSEGV", 15: "SIGTERM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    kind: str
    """``TrainingJob``, ``ProcessingJob`` or ``TransformJob``."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    error: str
    """The innermost error's name: ``DataRejected``, ``CandidateRolledBack``, ``States.Timeout``."""
    text: str
    job: FailedJob | None = None


def explain(error: str | None, cause: str | None) -> Failure:
    """Unwrap a handler's, a job's or a nested execution's description; other text stays."""
    name = error or "no error name"
    document = _document(cause)
    if document is None:
        return Failure(error=name, text=_tail(cause) or _without_cause(name))
    if "errorMessage" in document:  # a handler raised
        kind = str(document.get("errorType", name)).rpartition(".")[2]
        message = str(document["errorMessage"])
        if _job_of(_document(message)) is not None:  # lambdas.job_failure tells of a job
            return explain(kind, message)
        return Failure(error=kind, text=_tail(message))
    if "ExecutionArn" in document or "executionArn" in document:  # an execution within
        inner = {key[:1].lower() + key[1:]: value for key, value in document.items()}
        return explain(
            inner.get("error") or f"States.{inner.get('status', 'Failed')}", inner.get("cause")
        )
    job = _job_of(document)
    if job is not None:
        return Failure(error=name, text=_job(document, job.kind), job=job)
    return Failure(error=name, text=_tail(cause))


def _job_of(document: Mapping[str, Any] | None) -> FailedJob | None:
    for kind in ("TrainingJob", "ProcessingJob", "TransformJob"):
        if document is not None and f"{kind}Name" in document:
            return FailedJob(kind=kind, name=str(document[f"{kind}Name"]))
    return None


def _job(job: Mapping[str, Any], kind: str) -> str:
    named = f"{kind.replace('Job', ' job').lower()} {job[f'{kind}Name']}"
    told = _tail(str(job.get("ExitMessage") or job.get("FailureReason") or "no reason given"))
    if _ran_too_long(job):
        limit = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", "?")
        return f"{named} was stopped: it ran longer than its limit of {limit} s (max_runtime)"
    if job.get("SecondaryStatus") == "MaxWaitTimeExceeded":
        limit = job.get("StoppingCondition", {}).get("MaxWaitTimeInSeconds", "?")
        return (
            f"{named} was stopped: waiting for spare capacity and running took longer than "
            f"{limit} s (max_wait_seconds)"
        )
    code = _exit_code(job)
    if code is not None and (code > 128 or code < 0):
        number = code - 128 if code > 0 else -code
        signal = _SIGNALS.get(number, f"signal {number}")
        return f"{named} was killed by {signal}: {told}"
    if code is not None:
        return f"{named} failed with exit code {code}: {told}"
    status = job.get(f"{kind}Status", "Failed")
    return f"{named} is {status}: {told}"


def _ran_too_long(job: Mapping[str, Any]) -> bool:
    """Training says MaxRuntimeExceeded; a processing job that is Stopped says it in words."""
    if "MaxRuntimeExceeded" in str(job.get("SecondaryStatus", "")):
        return True
    return "maxruntime" in re.sub(r"[^a-z]", "", str(job.get("FailureReason", "")).lower())


def _exit_code(job: Mapping[str, Any]) -> int | None:
    """The last one named: the container's own text comes before SageMaker's exit code."""
    found = _EXIT_CODE.findall(str(job.get("FailureReason", "")))
    return int(found[-1]) if found else None


def _document(cause: str | None) -> Mapping[str, Any] | None:
    try:
        document = json.loads(cause or "")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _without_cause(error: str) -> str:
    return "it ran longer than its limit" if error == "States.Timeout" else "no cause was given"


def _tail(text: str | None) -> str:
    text = (text or "").strip()
    return text if len(text) <= _TAIL else f"… {text[-_TAIL:]}"
