"""Scoring whole files: what a batch is asked with, what it is planned as, what came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts import layout, moment
from contracts.reading import Table
from contracts.run import Cause, CauseKind


class BatchFormat(StrEnum):
    """Content types of files whose lines are rows."""

    CSV = "text/csv"
    JSON_LINES = "application/jsonlines"


SUFFIXES = {
    ".csv": BatchFormat.CSV,
    ".jsonl": BatchFormat.JSON_LINES,
    ".jsonlines": BatchFormat.JSON_LINES,
}
"""By what its name ends with, a file tells what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """The input of one execution of a model's batch scoring."""

    as_of: datetime
    cause: Cause
    input: str
    """``s3://bucket/key``: one file, or all below a prefix that ends with a slash."""
    output: str | None
    """Where the answers go; None: below the batch's own prefix."""

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "as_of": moment.render(self.as_of)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """What the batch machine carries from step to step."""

    batch_id: str
    taken_by: str
    """The execution that scores the same files for the same cause; empty: this one."""
    version: int
    model_name: str
    """Of the champion's Model, which its deployment is named after."""
    format: BatchFormat
    manifest: str
    """Lists the files as they were when the batch was planned."""
    output: str
    files: int

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "format": self.format.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """What was scored by which version, file by file; it lies beside the manifest."""

    batch_id: str
    model: str
    version: int
    model_name: str
    as_of: str
    input: str
    output: str
    rows: Mapping[str, int]
    """Of each file, by its name below the input's prefix."""

    def document(self) -> dict[str, Any]:
        return asdict(self)


def parse_batch_request(document: object) -> BatchRequest:
    """Read what a person asks for, or the event of a file that has landed."""
    table = Table.of(document, "batch")
    if table.content.get("source") == "aws.s3":
        return _of_event(table)
    cause = table.table("cause")
    return BatchRequest(
        as_of=moment.parse(table.text("as_of"), "batch.as_of"),
        cause=Cause(
            kind=cause.choice("kind", CauseKind), id=cause.text("id"), detail=cause.text("detail")
        ),
        input=table.text("input"),
        output=None if table.content.get("output") is None else table.text("output"),
    )


def _of_event(event: Table) -> BatchRequest:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
    detail = event.table("detail")
    found = detail.table("object")
    uri = layout.s3_uri(detail.table("bucket").text("name"), found.text("key"))
    # The same version of a file is scored once, however often its event is delivered.
    version = found.content.get("version-id") or found.content.get("etag") or event.text("id")
    return BatchRequest(
        as_of=moment.parse(event.text("time"), "event.time"),
        cause=Cause(kind=CauseKind.NEW_DATA, id=f"{uri} {version}", detail=f"{uri} has landed"),
        input=uri,
        output=None,
    )


def parse_batch_plan(document: object) -> BatchPlan:
    table = Table.of(document, "batch plan")
    return BatchPlan(
        batch_id=table.text("batch_id"),
        taken_by=str(table.content.get("taken_by", "")),
        version=table.integer("version", least=1),
        model_name=table.text("model_name"),
        format=table.choice("format", BatchFormat),
        manifest=table.text("manifest"),
        output=table.text("output"),
        files=table.integer("files", least=1),
    )
