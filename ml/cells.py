"""The one reading of a cell's text: what counts as a whole number, a number, a date, nothing."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

from contracts.card import Column, ColumnType

_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
"""Fifteen digits: each such whole number is itself as a float, too."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

_EXPECTED = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.NUMBER: "a number",
    ColumnType.DATE: "a date such as 1997-05-31",
    ColumnType.TEXT: "a text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadCell:
    """A cell whose text is no value of its column's type, or is missing where it must not."""

    column: str
    row: int
    """Data rows count from 1."""
    text: str
    rule: str
    expected: str


def parse_column(
    texts: Sequence[str], column: Column
) -> tuple[list[int | float | date | str | None], list[BadCell]]:
    """Return each cell's value (None where there is none) and the cells that are wrong."""
    parse = _PARSERS[column.type]
    # Columns repeat few texts (a date, a label), so each is read once.
    known = {text: parse(text) for text in set(texts)}
    values = [known[text] for text in texts]
    if None not in known.values() or (column.nullable and set(_none_of(known)) == {""}):
        return values, []
    bad = [
        _bad(column, row, text)
        for row, text in enumerate(texts, start=1)
        if known[text] is None and not (text == "" and column.nullable)
    ]
    return values, bad


def _none_of(known: dict[str, int | float | date | str | None]) -> list[str]:
    return [text for text, value in known.items() if value is None]


def _bad(column: Column, row: int, text: str) -> BadCell:
    expected = _EXPECTED[column.type]
    rule = "not_null" if text == "" else f"type {column.type}"
    return BadCell(column=column.name, row=row, text=text, rule=rule, expected=expected)


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if isfinite(value) else None


def _date(text: str) -> date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _text(text: str) -> str | None:
    return text or None


_PARSERS: dict[ColumnType, Callable[[str], int | float | date | str | None]] = {
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.DATE: _date,
    ColumnType.TEXT: _text,
}
