"""The scores of a captured answer, in every form of text that the server answers in."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any


class AnswerUnreadable(ValueError):
    """The message says what of the answer cannot be read."""


def scores_of(content_type: str, content: str) -> tuple[float, ...]:
    """Return a score for each row; all of them, or an error.

    >>> scores_of("application/json", '{"predictions": [{"score": 0.25}, {"score": 0.5}]}')
    (0.25, 0.5)
    >>> scores_of("text/csv", "score,label\\n0.25,0\\n")
    (0.25,)
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _READERS:
        raise AnswerUnreadable(f"answers as {kind or 'nothing'} are not read")
    try:
        scores = tuple(_number(each) for each in _READERS[kind](content))
    except RecursionError as error:
        raise AnswerUnreadable("the answer is nested too deeply") from error
    if not scores:
        raise AnswerUnreadable("the answer has no rows")
    return scores


def _json(content: str) -> list[Any]:
    document = _loaded(content)
    rows = document.get("predictions") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise AnswerUnreadable("the answer must hold predictions")
    return [_score(row) for row in rows]


def _jsonlines(content: str) -> list[Any]:
    return [_score(_loaded(line)) for line in content.split("\n") if line.strip()]


def _csv(content: str) -> list[Any]:
    rows = [cells for cells in csv.reader(io.StringIO(content)) if cells]
    return [cells[0] for cells in (rows[1:] if rows and rows[0][0].strip() == "score" else rows)]


_READERS: Mapping[str, Callable[[str], list[Any]]] = {
    "application/json": _json,
    "application/jsonlines": _jsonlines,
    "text/csv": _csv,
}


def _loaded(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise AnswerUnreadable(f"the answer is not JSON: {error}") from error


def _score(row: Any) -> Any:
    if not isinstance(row, dict) or "score" not in row:
        raise AnswerUnreadable(f"a prediction must hold a score, got {str(row)[:80]!r}")
    return row["score"]


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise AnswerUnreadable(f"a score must be a number, got {str(value)[:80]!r}") from None
    if not isfinite(number):
        raise AnswerUnreadable(f"a score must be finite, got {value!r}")
    return number
