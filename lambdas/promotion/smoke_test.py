"""What a smoke test came to, read from its job's answers or from how the job failed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.reading import Table
from lambdas.promotion import blame
from lambdas.promotion.answers import scores_of
from lambdas.promotion.blame import Fault
from lambdas.promotion.known_answers import KnownAnswers


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    output_uri: str
    """What the job was answered."""
    error: str
    """The task's error; empty for a job that completed."""
    cause: str
    redrive: int
    """In which redrive of the execution it was made."""


def parse_smoke_test(document: object) -> SmokeTest:
    table = Table.of(document, "test")
    return SmokeTest(
        output_uri=table.text("output_uri"),
        error=str(table.content.get("error", "")),
        cause=str(table.content.get("cause", "")),
        redrive=table.integer("redrive"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    name: str
    reason: str
    fault: Fault


def failed_job(test: SmokeTest) -> FailedJob | None:
    """Read the description of a job that ran and failed; None where none did."""
    try:
        described = json.loads(test.cause)
    except ValueError:
        return None
    if not isinstance(described, dict) or "TransformJobName" not in described:
        return None
    status = described.get("TransformJobStatus", "Failed")
    reason = str(described.get("FailureReason") or f"the job is {status} without a reason")
    stopped = status in ("Stopped", "Stopping")  # by a person, or by its own time limit
    fault = Fault.PLATFORM if stopped else blame.of_text(reason)
    return FailedJob(name=str(described["TransformJobName"]), reason=reason, fault=fault)


def what_is_wrong(content: bytes, known: KnownAnswers, *, version: int) -> str | None:
    """Say what is wrong about the answer to all golden rows, which were one request."""
    try:
        answer: Mapping[str, Any] = json.loads(content)
        answered_by, scores = str(answer["model_version"]), scores_of(answer)
    except (ValueError, KeyError, TypeError):
        return (
            "the answer must be JSON with model_version and a score for each row, got "
            f"{content[:200]!r}"
        )
    if answered_by != str(version):
        return f"the answer must name version {version}, names {answered_by}"
    return known.all_wrong(scores)
