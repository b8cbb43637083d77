"""A month's requests, cut into the batches that clients send."""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROWS = 100
"""Rows of one InvokeEndpoint call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    inference_id: str
    entities: tuple[str, ...]
    body: bytes
    """CSV rows of the card's features in order, no header."""


def read(requests: Path, snapshot: date, *, rows: int = ROWS) -> list[Batch]:
    """Cut the file into batches called ``1997-05-01-0000``, ``1997-05-01-0001``, …."""
    with requests.open(newline="") as file:
        lines = list(csv.reader(file))[1:]
    return [
        _batch(f"{snapshot}-{number:04}", lines[start : start + rows])
        for number, start in enumerate(range(0, len(lines), rows))
    ]


def _batch(inference_id: str, lines: list[list[str]]) -> Batch:
    body = "".join(",".join(line[1:]) + "\n" for line in lines)
    return Batch(
        inference_id=inference_id,
        entities=tuple(line[0] for line in lines),
        body=body.encode(),
    )
