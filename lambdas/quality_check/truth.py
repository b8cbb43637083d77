"""The labels that landed in S3, by the hour of their collecting, as AWS has it for monitoring."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from contracts import layout
from contracts.errors import ContractError
from contracts.reading import Table
from lambdas.adapters.capture_lines import lines_of
from quality.answers import Label

_CHUNK = 1 << 20


class LabelUnreadable(ValueError):
    """A line of a label file is no label; the message says why."""


class Truth:
    def __init__(self, s3: Any, *, bucket: str, model: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._base = layout.truth_prefix(model)

    def lines(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, bytes | None]]:
        """Yield each line of the hours that begin in [start's hour, end), with its hour."""
        for key, hour in self._files(start, end):
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
            for line in lines_of(body.iter_chunks(_CHUNK)):
                if line is None or line.strip():
                    yield hour, line

    def _files(self, start: datetime, end: datetime) -> Iterator[tuple[str, datetime]]:
        first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket,
            Prefix=self._base,
            StartAfter=f"{self._base}{first:%Y/%m/%d/%H}",
        )
        for page in pages:
            for item in page.get("Contents", []):
                hour = self._hour_of(item["Key"])
                if hour is not None and hour >= end:
                    return  # S3 lists keys in order
                if hour is not None and item["Key"].endswith(".jsonl"):
                    yield item["Key"], hour

    def _hour_of(self, key: str) -> datetime | None:
        """None of a key that lies in no hour's folder."""
        try:
            folder = "".join(key.removeprefix(self._base).split("/")[:4])
            return datetime.strptime(folder, "%Y%m%d%H").replace(tzinfo=UTC)
        except ValueError:
            return None


def read_label(line: bytes | None, at: datetime) -> Label:
    """Read one line of a label file.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html: the
    ``eventId`` is an inference id, or SageMaker's own id where the caller gave none. ``data`` has
    one line for each row of the request, empty where nothing is known yet.
    """
    if line is None:
        raise LabelUnreadable("the line is longer than any label can be")
    try:
        table = Table.of(json.loads(line), "label")
        given = table.table("groundTruthData")
        data, encoding = given.content.get("data"), given.text("encoding")
        if encoding != "CSV" or not isinstance(data, str):
            raise ContractError(f"{given.where} must be a text of encoding CSV, got {encoding!r}")
        id = table.table("eventMetadata").text("eventId")
        return Label(inference_id=id, at=at, values=[_value(cell) for cell in _cells(data)])
    except (ValueError, RecursionError) as error:
        raise LabelUnreadable(str(error) or type(error).__name__) from error


def _cells(data: str) -> list[str]:
    """Return the rows; an end of line after the last is no further row."""
    rows = data.replace("\r\n", "\n").split("\n")
    return rows[:-1] if len(rows) > 1 and not rows[-1] else rows


def _value(cell: str) -> float | None:
    return float(cell) if cell.strip() else None
