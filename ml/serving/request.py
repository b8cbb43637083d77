"""Read a request's rows, and say exactly which row and field cannot be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from contracts.card import Feature, FeatureType

MAX_BYTES = 6 * 1024 * 1024
"""InvokeEndpoint passes on a little more at most; larger work is a batch job."""
MAX_ROWS = 10_000


class BadRequest(Exception):
    """The request cannot be answered; ``status`` is the HTTP status that says so."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedValue:
    row: int
    feature: str
    problem: str

    def __str__(self) -> str:
        return f"row {self.row}, field {self.feature!r}: {self.problem}"


def refused_value(rows: NDArray[np.float64], features: Sequence[Feature]) -> RefusedValue | None:
    """Return the first value that is not finite, outside its feature's bounds, or not whole where
    it must be."""
    low = np.array([-np.inf if f.minimum is None else f.minimum for f in features])
    high = np.array([np.inf if f.maximum is None else f.maximum for f in features])
    whole = np.array([f.type is FeatureType.INTEGER for f in features])
    within = np.isfinite(rows) & (rows >= low) & (rows <= high)
    fine = within & (~whole | (rows == np.floor(rows)))
    if fine.all():
        return None
    row, place = np.argwhere(~fine)[0]
    feature, value = features[place], rows[row, place]
    least = "any" if feature.minimum is None else f"{feature.minimum:g}"
    most = "any" if feature.maximum is None else f"{feature.maximum:g}"
    problem = f"must be between {least} and {most}, got {value:g}"
    if within[row, place]:
        problem = f"must be a whole number, got {value:.17g}"
    return RefusedValue(row=int(row) + 1, feature=feature.name, problem=problem)


def read_rows(body: bytes, content_type: str, features: Sequence[Feature]) -> NDArray[np.float64]:
    """Return one row of feature values per asked row, all of which can be scored."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/csv":
        rows = _csv(body, features)
    elif kind == "application/json":
        rows = _json(body, features)
    else:
        raise BadRequest(
            f"content type must be text/csv or application/json, got {content_type[:80]!r}", 415
        )
    values = np.array(rows, dtype=np.float64)
    refused = refused_value(values, features)
    if refused is not None:
        raise BadRequest(str(refused))
    return values


def _csv(body: bytes, features: Sequence[Feature]) -> list[list[float]]:
    try:
        lines = body.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8 at byte {error.start}") from error
    if lines and lines[0].split(",") == [feature.name for feature in features]:
        lines = lines[1:]
    _count(len(lines))
    return [_row(number, line.split(","), features) for number, line in enumerate(lines, start=1)]


def _json(body: bytes, features: Sequence[Feature]) -> list[list[float]]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list):
        raise BadRequest('the body must be {"instances": [...]} with a list of rows')
    _count(len(instances))
    return [
        _row(number, _fields(number, instance, features), features)
        for number, instance in enumerate(instances, start=1)
    ]


def _fields(number: int, instance: Any, features: Sequence[Feature]) -> Sequence[Any]:
    """Return a row's fields in the card's order; an object names them, a list has that order."""
    if isinstance(instance, list):
        return instance
    if not isinstance(instance, dict):
        raise BadRequest(f"row {number} must be a list or an object, got {str(instance)[:80]!r}")
    names = {feature.name for feature in features}
    wrong = sorted(names ^ set(instance))
    if wrong:
        problem = "is missing" if wrong[0] in names else "is unknown"
        raise BadRequest(f"row {number}, field {wrong[0][:80]!r}: {problem}")
    return [instance[feature.name] for feature in features]


def _row(number: int, fields: Sequence[Any], features: Sequence[Feature]) -> list[float]:
    if len(fields) != len(features):
        raise BadRequest(f"row {number} has {len(fields)} fields, the model {len(features)}")
    return [
        _number(number, field, feature) for field, feature in zip(fields, features, strict=True)
    ]


def _number(row: int, field: Any, feature: Feature) -> float:
    try:
        # A bool is an int to Python and a mistake to everyone else.
        value = None if isinstance(field, bool) or "_" in str(field) else float(field)
    except (TypeError, ValueError, OverflowError):
        value = None
    if value is None or not isfinite(value):
        problem = f"must be a finite number, got {str(field)[:80]!r}"
        raise BadRequest(str(RefusedValue(row=row, feature=feature.name, problem=problem)))
    return value


def _count(rows: int) -> None:
    if not 1 <= rows <= MAX_ROWS:
        status = 400 if rows < 1 else 413
        raise BadRequest(f"a request must hold 1 to {MAX_ROWS} rows, got {rows}", status)
