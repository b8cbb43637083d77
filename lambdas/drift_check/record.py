"""One captured invocation, read from its JSON line."""

import base64
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import layout, moment
from contracts.errors import ContractError
from contracts.reading import Table

Row = tuple[float | None, ...]


class RecordUnreadable(ValueError):
    """A line of a capture file is not a capture of our requests; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    at: datetime
    inference_id: str | None
    version: str | None
    """The version that the answer names; None when it names none."""
    answered: bool
    """False for an answer that refused the request: its rows were nobody's prediction."""
    content: str
    """The request: CSV rows."""

    @property
    def is_probe(self) -> bool:
        return self.inference_id is not None and self.inference_id.startswith(layout.PROBE_PREFIX)

    def rows(self, features: Sequence[str]) -> list[Row]:
        """The request's rows in the order of ``features``; a header row is no row."""
        try:
            found = [cells for cells in csv.reader(io.StringIO(self.content), strict=True) if cells]
        except csv.Error as error:
            raise RecordUnreadable(f"the request is not CSV: {error}") from error
        return [
            _row(cells, number, features)
            for number, cells in enumerate(found, start=1)
            if not (number == 1 and [cell.strip() for cell in cells] == list(features))
        ]


def read_record(line: bytes) -> Record:
    """Read one line of a capture file.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    """
    try:
        table = Table.of(json.loads(line), "record")
        captured, about = table.table("captureData"), table.table("eventMetadata")
        answer = _answer(captured.optional_table("endpointOutput"))
        return Record(
            at=moment.parse(about.text("inferenceTime"), "inferenceTime"),
            inference_id=about.optional_text("inferenceId"),
            version=None if answer.get("model_version") is None else str(answer["model_version"]),
            answered="error" not in answer,
            content=_content(captured.table("endpointInput")),
        )
    except (ContractError, ValueError, RecursionError) as error:
        raise RecordUnreadable(str(error) or type(error).__name__) from error


def _content(side: Table) -> str:
    data, encoding = side.content.get("data"), side.text("encoding")
    if not isinstance(data, str):
        raise ContractError(f"{side.where}.data must be a text, got {data!r}")
    if encoding == "BASE64":
        return base64.b64decode(data, validate=True).decode("utf-8")
    if encoding in ("CSV", "JSON"):
        return data
    raise ContractError(f"{side.where}.encoding must be CSV, JSON or BASE64, got {encoding!r}")


def _answer(side: Table | None) -> dict[str, Any]:
    if side is None:
        return {}
    try:
        document = json.loads(_content(side))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _row(cells: Sequence[str], number: int, features: Sequence[str]) -> Row:
    if len(cells) != len(features):
        raise RecordUnreadable(f"row {number} must have {len(features)} values, got {len(cells)}")
    return tuple(
        _value(cell.strip(), number, name) for cell, name in zip(cells, features, strict=True)
    )


def _value(cell: str, number: int, name: str) -> float | None:
    if not cell:
        return None
    try:
        return float(cell)
    except ValueError:
        raise RecordUnreadable(f"row {number}: {name} must be a number, got {cell!r}") from None
