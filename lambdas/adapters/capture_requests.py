"""The rows of a captured request, in every form that the server answers (ml/serving/formats).

What is here was answered, so the server has checked it: what this cannot read, it refuses.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = tuple[float | None, ...]

_ENVELOPES = ("instances", "inputs", "dataframe_records", "dataframe_split")
_UNREAD = (
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.parquet",
    "application/x-npy",
)
"""They need a library that is larger than a Lambda may be."""


class RequestUnreadable(ValueError):
    """The message says which row, or what of the request, cannot be read."""


def is_text(content_type: str) -> bool:
    return _kind(content_type) not in _UNREAD


def rows_of(content_type: str, content: str, features: Sequence[str]) -> list[Row]:
    """Return the rows in the order of ``features``; all of them, or an error."""
    kind = _kind(content_type)
    if kind in _UNREAD:
        raise RequestUnreadable(f"requests as {kind} are not counted")
    try:
        return _READERS.get(kind, _csv)(content.removeprefix("\ufeff"), features)
    except RecursionError as error:
        raise RequestUnreadable("the request is nested too deeply") from error


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _csv(content: str, features: Sequence[str]) -> list[Row]:
    try:
        found = [cells for cells in csv.reader(io.StringIO(content), strict=True) if cells]
    except csv.Error as error:
        raise RequestUnreadable(f"the request is not CSV: {error}") from error
    names = [cell.strip() for cell in found[0]] if found else []
    if sorted(names) != sorted(features):
        return [_row(cells, number, features) for number, cells in enumerate(found, start=1)]
    return [
        _row(_placed(cells, names, number, features), number, features)
        for number, cells in enumerate(found[1:], start=2)
    ]


def _json(content: str, features: Sequence[str]) -> list[Row]:
    return _document(_loaded(content, "the request"), features)


def _jsonlines(content: str, features: Sequence[str]) -> list[Row]:
    lines = [line for line in content.split("\n") if line.strip()]
    rows = [_loaded(line, f"row {number}") for number, line in enumerate(lines, start=1)]
    return _rows(rows, features)


_READERS: Mapping[str, Callable[[str, Sequence[str]], list[Row]]] = {
    "application/json": _json,
    "application/jsonlines": _jsonlines,
}


def _loaded(content: str, what: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RequestUnreadable(f"{what} is not JSON: {error}") from error


def _document(document: Any, features: Sequence[str]) -> list[Row]:
    if isinstance(document, list):
        is_row = bool(document) and not isinstance(document[0], list | dict)
        return _rows([document] if is_row else document, features)
    if not isinstance(document, dict):
        raise RequestUnreadable(f"the request must hold rows, got {str(document)[:80]!r}")
    for name in _ENVELOPES:
        if name in document and name not in features:
            return _document(document[name], features)
    if "columns" in document and "data" in document and "data" not in features:
        return _split(document["columns"], document["data"], features)
    if any(isinstance(value, list | dict) for value in document.values()):
        return _rows(_columns(document, features), features)
    return _rows([document], features)


def _split(names: Any, data: Any, features: Sequence[str]) -> list[Row]:
    if not isinstance(data, list) or not all(isinstance(cells, list) for cells in data):
        raise RequestUnreadable("data must be a list of rows")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RequestUnreadable("columns must be a list of names")
    return _rows([_placed(cells, names, n, features) for n, cells in enumerate(data, 1)], features)


def _columns(document: Mapping[str, Any], features: Sequence[str]) -> list[list[Any]]:
    columns = [document.get(name, []) for name in features]
    values = [list(c.values()) if isinstance(c, dict) else c for c in columns]
    if not all(isinstance(column, list) for column in values) or len({*map(len, values)}) != 1:
        raise RequestUnreadable(f"the request must have as many values of each of {list(features)}")
    return [list(row) for row in zip(*values, strict=True)]


def _rows(rows: Sequence[Any], features: Sequence[str]) -> list[Row]:
    return [_row(_cells(row, n, features), n, features) for n, row in enumerate(rows, start=1)]


def _cells(row: Any, number: int, features: Sequence[str]) -> Sequence[Any]:
    if isinstance(row, dict):
        if row.keys() != set(features):
            raise RequestUnreadable(f"row {number} must have the fields {list(features)}")
        return [row[name] for name in features]
    if not isinstance(row, list):
        raise RequestUnreadable(f"row {number} must be a list or an object")
    return row


def _placed(
    cells: Sequence[Any], names: Sequence[str], number: int, features: Sequence[str]
) -> Sequence[Any]:
    if len(cells) != len(names) or sorted(names) != sorted(features):
        raise RequestUnreadable(f"row {number} must have {len(features)} values, got {len(cells)}")
    return [cells[names.index(name)] for name in features]


def _row(cells: Sequence[Any], number: int, features: Sequence[str]) -> Row:
    if len(cells) != len(features):
        raise RequestUnreadable(f"row {number} must have {len(features)} values, got {len(cells)}")
    return tuple(_value(cell, number, name) for cell, name in zip(cells, features, strict=True))


def _value(cell: Any, number: int, name: str) -> float | None:
    text = str(cell).strip()
    if cell is None or not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise RequestUnreadable(f"row {number}: {name} must be a number, got {text!r}") from None
