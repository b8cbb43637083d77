"""Read a data file into typed columns, strictly: no guess at a type, a date or a missing value.

Validation reports what this refuses and training reads through the same code, so that what was
judged is what is learned from.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.card import Column, ColumnType, Dataset
from ml.cells import BadCell, parse_column


class BadFile(Exception):
    """The whole file is unusable; ``rule`` names what it breaks."""

    def __init__(self, rule: str, text: str, row: int | None = None) -> None:
        super().__init__(text)
        self.rule = rule
        self.row = row


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFile:
    """A file's rows in the card's types; a cell that has no such value is missing and listed."""

    frame: pd.DataFrame
    bad_cells: tuple[BadCell, ...]


def read(content: bytes, dataset: Dataset) -> TypedFile:
    """Read one CSV file of ``dataset``; BadFile when it has not the dataset's shape."""
    rows = _rows(_text(content))
    names = [column.name for column in dataset.columns]
    _same_columns(rows[0], names)
    body = rows[1:]
    for number, row in enumerate(body, start=1):
        if len(row) != len(names):
            raise BadFile(
                "fields", f"{len(row)} fields where the header has {len(names)}", row=number
            )
    places = [rows[0].index(name) for name in names]
    bad: list[BadCell] = []
    series: dict[str, pd.Series] = {}
    for column, place in zip(dataset.columns, places, strict=True):
        values, cells = parse_column([row[place] for row in body], column)
        series[column.name] = _series(values, column)
        bad.extend(cells)
    return TypedFile(frame=pd.DataFrame(series), bad_cells=tuple(bad))


def lines(content: bytes) -> list[list[str]]:
    """Return the file's cells as they stand, header first; BadFile when it is no such file."""
    return _rows(_text(content))


def _text(content: bytes) -> str:
    if not content.strip():
        raise BadFile("not_empty", "the file is empty")
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise BadFile("encoding", "it starts with a byte order mark; plain UTF-8 is expected")
    if b"\x00" in content:
        raise BadFile("encoding", f"byte {content.index(0)} is NUL; plain UTF-8 is expected")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFile("encoding", f"byte {error.start} is not UTF-8") from error
    if not text.endswith("\n"):
        raise BadFile("complete", "the last line has no end; the file may be cut off")
    return text


def _rows(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise BadFile("csv", f"it is not CSV: {error}") from error


def _same_columns(header: Sequence[str], names: Sequence[str]) -> None:
    if sorted(header) == sorted(names):
        return
    missing = [name for name in names if name not in header]
    extra = [name for name in header if name not in names]
    twice = sorted({name for name in header if header.count(name) > 1})
    parts = [
        f"{what} {', '.join(map(repr, which))}"
        for what, which in (("lacks", missing), ("has also", extra), ("repeats", twice))
        if which
    ]
    raise BadFile("columns", f"the header {' and '.join(parts)}; expected {', '.join(names)}")


def _series(values: Sequence[object], column: Column) -> pd.Series:
    if column.type is ColumnType.DATE:
        return pd.Series(_dates(values))
    if column.type is ColumnType.TEXT:
        return pd.Series(values, dtype=object)
    if column.type is ColumnType.NUMBER or any(value is None for value in values):
        return pd.Series(np.array(values, dtype=np.float64))
    return pd.Series(np.array(values, dtype=np.int64))


def _dates(values: Sequence[object]) -> NDArray[np.datetime64]:
    """Convert each distinct date once: NumPy takes microseconds for each, and files repeat few."""
    days = {value: np.array(value, dtype="datetime64[D]").astype(np.int64) for value in set(values)}
    ordinals = np.fromiter((days[value] for value in values), np.int64, len(values))
    return ordinals.astype("datetime64[D]").astype("datetime64[s]")
