"""Rows from JSON, in the shapes that callers of models are used to.

One record ``{"f": 1}``; one row ``[1]``; a list of records or rows; those below ``instances``
(SageMaker, TensorFlow Serving), ``inputs``, ``dataframe_records`` or ``dataframe_split`` (MLflow);
``{"columns": [...], "data": [...]}`` and a dict of columns, as pandas writes them.

https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html
https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from ml.serving.limits import MAX_ROWS, BadRequest, count_rows, shown
from ml.serving.schema import Schema

_BOM = b"\xef\xbb\xbf"
_SPLIT = "dataframe_split"
_ENVELOPES = ("instances", "inputs", "dataframe_records", _SPLIT)
_SHOWN = 200
_SHAPES = (
    'the body must be {"instances": [...]} with a list of rows, a record, a list of records or '
    'rows, {"columns": [...], "data": [...]} or a list for each column'
)


def read_json(body: bytes, schema: Schema) -> NDArray[np.float64]:
    body = body.removeprefix(_BOM)
    _refuse_large(body, schema)
    document, reading = _parsed(body), _Reading(schema)
    values = reading.values(document)
    reading.refuse_repeated(body)
    return values


def read_jsonlines(body: bytes, schema: Schema) -> NDArray[np.float64]:
    """One record or row a line; https://jsonlines.org/"""
    body = body.removeprefix(_BOM)
    _refuse_large(body, schema)
    if body.count(b"\n") > MAX_ROWS + 1:
        raise BadRequest(f"a request must hold 1 to {MAX_ROWS} rows, got more", 413)
    lines = body.split(b"\n")
    if not lines[-1].strip():
        lines.pop()
    reading = _Reading(schema)
    values = reading.rows([_line(number, line) for number, line in enumerate(lines, start=1)])
    reading.refuse_repeated(body)
    return values


def _line(number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"row {number} is not JSON: {error}") from error


def _parsed(body: bytes) -> Any:
    beginning = body[:_SHOWN].lstrip()
    if beginning and beginning[0] not in b"[{":
        raise BadRequest(f"{_SHAPES}, got {shown(beginning.decode('utf-8', 'replace'))}")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error


def _refuse_large(body: bytes, schema: Schema) -> None:
    """Refuse what would take far more memory once it is parsed than any request needs.

    Rows hold numbers only, so that each bracket begins a row or a column and each comma a value.
    """
    width = len(schema.names)
    if body.count(b"[") + body.count(b"{") > MAX_ROWS + width + 10:
        raise BadRequest(f"a request must hold 1 to {MAX_ROWS} rows, got more", 413)
    # pandas also writes the index: one more value for each row, or a key for each value.
    if body.count(b",") > (MAX_ROWS + 1) * (width + 1):
        raise BadRequest(
            f"a request must hold at most {MAX_ROWS} rows of {width} fields, got more", 413
        )


class _Reading:
    """One body being read; ``texts`` counts what is in quotes, so that no name hides another."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._texts = 0

    def refuse_repeated(self, body: bytes) -> None:
        """Values are numbers, so only names are quoted: one too many was written twice.

        The parser keeps the last of two fields of one name and says nothing.
        """
        if body.count(b'"') > 2 * self._texts and b"\\" not in body:
            times = {name: body.count(orjson.dumps(name)) for name in self._schema.names}
            most = max(times, key=times.__getitem__)
            # Where all are named as often, it is a field of the body around them.
            where = (
                f"field {most!r}" if times[most] > min(times.values()) else "a field of the body"
            )
            raise BadRequest(f"{where} is named twice")

    def values(self, document: Any) -> NDArray[np.float64]:
        if isinstance(document, list):
            is_row = bool(document) and not isinstance(document[0], list | dict)
            return self.rows([document] if is_row else document)
        if not isinstance(document, dict):
            raise BadRequest(f"{_SHAPES}, got {shown(document)}")
        return self._object(document)

    def _object(self, document: Mapping[str, Any]) -> NDArray[np.float64]:
        places = self._schema.places
        for name in _ENVELOPES:
            if name in document and name not in places:
                return self._envelope(name, document)
        if not places.keys() & document.keys() and {"columns", "data"} <= document.keys():
            return self._split(document)
        if any(isinstance(value, list | dict) for value in document.values()):
            return self._columns(document)
        if not places.keys() & document.keys():
            raise BadRequest(f"{_SHAPES}, got the fields {shown(', '.join(document))}")
        return self.rows([document])

    def _envelope(self, name: str, document: Mapping[str, Any]) -> NDArray[np.float64]:
        inner, others = document[name], sorted(document.keys() - {name})
        if others:
            raise BadRequest(f"field {shown(others[0])} is unknown beside {name!r}")
        self._texts += 1
        if isinstance(inner, dict) and name == _SPLIT:
            return self._split(inner)
        if isinstance(inner, dict) and name == "inputs":
            return self._columns(inner)
        if not isinstance(inner, list) or name == _SPLIT:
            raise BadRequest(f"{_SHAPES}, got {shown(document)}")
        return self.rows(inner)

    def rows(self, rows: Sequence[Any]) -> NDArray[np.float64]:
        count_rows(len(rows))
        return self._schema.table([self._row(n, row) for n, row in enumerate(rows, start=1)])

    def _row(self, number: int, row: Any) -> list[Any]:
        """Return a row's fields in the card's order; an object names them, a list has it."""
        if isinstance(row, list):
            return row
        if not isinstance(row, dict):
            raise BadRequest(f"row {number} must be a list or an object, got {shown(row)}")
        names = self._schema.names
        self._texts += len(names)
        try:
            fields = [row[name] for name in names]
        except KeyError:
            fields = []
        if len(fields) != len(row) or not fields:
            self._schema.check_names(f"row {number}", list(row))
        return fields

    def _split(self, document: Mapping[str, Any]) -> NDArray[np.float64]:
        """pandas' orient="split": the names once, then rows in their order."""
        unknown = sorted(document.keys() - {"columns", "data", "index"})
        if unknown or not {"columns", "data"} <= document.keys():
            raise BadRequest(f"{_SHAPES}, got the fields {shown(', '.join(document))}")
        columns, data = document["columns"], document["data"]
        self._texts += len(document) + _texts_in(document.get("index"))
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            raise BadRequest(f"columns must be a list of names, got {shown(columns)}")
        if not isinstance(data, list):
            raise BadRequest(f"data must be a list of rows, got {shown(data)}")
        self._schema.check_names("columns", columns)
        self._texts += len(columns)
        order = [columns.index(name) for name in self._schema.names]
        count_rows(len(data))
        return self._schema.table([self._placed(n, r, order) for n, r in enumerate(data, start=1)])

    def _placed(self, number: int, row: Any, order: Sequence[int]) -> list[Any]:
        if not isinstance(row, list):
            raise BadRequest(f"row {number} must be a list, got {shown(row)}")
        self._schema.check_length(number, len(row))
        return [row[place] for place in order]

    def _columns(self, document: Mapping[str, Any]) -> NDArray[np.float64]:
        """A list for each feature, or pandas' orient="columns": an object by index."""
        self._schema.check_names("columns", list(document))
        self._texts += len(document)
        columns = [self._column(name, document[name]) for name in self._schema.names]
        first = self._schema.names[0]
        for name, column in zip(self._schema.names, columns, strict=True):
            if len(column) != len(columns[0]):
                raise BadRequest(
                    f"field {name!r} has {len(column)} values, {first!r} has {len(columns[0])}"
                )
            if isinstance(document[name], dict) and [*document[name]] != [*document[first]]:
                raise BadRequest(f"field {name!r} has other rows than {first!r}")
        count_rows(len(columns[0]))
        return self._schema.table([list(row) for row in zip(*columns, strict=True)])

    def _column(self, name: str, column: Any) -> list[Any]:
        if isinstance(column, list):
            return column
        if not isinstance(column, dict):
            raise BadRequest(f"field {name!r} must be a list of values, got {shown(column)}")
        self._texts += len(column)
        return list(column.values())


def _texts_in(index: Any) -> int:
    return sum(isinstance(label, str) for label in index) if isinstance(index, list) else 0
