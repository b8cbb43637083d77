"""What single rows of a data file break: types, nulls, ranges, categories, keys, dates."""

from collections.abc import Iterator
from typing import Any

import pandera.errors

from contracts.card import Dataset
from contracts.validation import Violation
from ml.cells import BadCell
from ml.data import DataFile
from ml.tables import TypedFile
from ml.validation.schema import (
    ALLOWED,
    LABEL_WINDOW_CLOSED,
    NOT_IN_THE_FUTURE,
    UNIQUE,
    Schemas,
)

MAX_VALUE = 80


def violations(
    file: DataFile, typed: TypedFile, dataset: Dataset, schemas: Schemas
) -> Iterator[Violation]:
    yield from (_of_cell(file, cell) for cell in typed.bad_cells)
    if len(typed.frame):
        yield from _of_schema(file, typed, dataset, schemas)


def _of_schema(
    file: DataFile, typed: TypedFile, dataset: Dataset, schemas: Schemas
) -> Iterator[Violation]:
    try:
        schemas.of(dataset, typed.frame).validate(typed.frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        # A key of several columns that occurs again is one case per column.
        repeated = cases["check"] == "multiple_fields_uniqueness"
        cases = cases[~(repeated & cases.duplicated(["check", "index"]))]
        for column, check, case, index in zip(
            cases["column"], cases["check"], cases["failure_case"], cases["index"], strict=True
        ):
            yield _of_case(file, dataset, str(column), str(check), case, index)


def _of_case(
    file: DataFile, dataset: Dataset, column: str, check: str, case: Any, index: Any
) -> Violation:
    row = None if index is None else int(index) + 1
    value = str(case)[:MAX_VALUE]
    if check == "multiple_fields_uniqueness":
        key = ", ".join(dataset.unique)
        return Violation(
            rule=UNIQUE,
            column=key,
            row=row,
            value=value,
            message=f"{file.name}: column {key!r}, row {row}: the key occurs again (rule: unique)",
        )
    problem = {
        LABEL_WINDOW_CLOSED: "is labelled before its window closed",
        NOT_IN_THE_FUTURE: "lies in the future of this run",
        ALLOWED: "is none of its categories",
    }.get(check, "is out of range")
    shown = repr(value) if check == ALLOWED else value.removesuffix(" 00:00:00")
    message = f"{file.name}: column {column!r}, row {row}: {shown} {problem} (rule: {check})"
    value = value.removesuffix(" 00:00:00")
    return Violation(rule=check, column=column, row=row, value=value, message=message)


def _of_cell(file: DataFile, cell: BadCell) -> Violation:
    value = cell.text[:MAX_VALUE]
    what = f"{value!r} is not {cell.expected}"
    if cell.rule == "not_null":
        what = f"the value is missing, expected {cell.expected}"
    message = f"{file.name}: column {cell.column!r}, row {cell.row}: {what} (rule: {cell.rule})"
    return Violation(rule=cell.rule, column=cell.column, row=cell.row, value=value, message=message)
