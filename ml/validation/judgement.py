"""Judge one data file by its dataset's schema, as sentences that name file, column, row, rule."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pandera.errors

from contracts.card import Dataset
from contracts.validation import FileReport, Violation
from ml.cells import BadCell
from ml.data import DataFile
from ml.tables import BadFile, TypedFile, read
from ml.validation.schema import LABEL_WINDOW_CLOSED, NOT_IN_THE_FUTURE, UNIQUE, Schemas

MAX_VIOLATIONS = 20
"""Reported per file; one wrong column can break a million rows."""
MAX_VALUE = 80


def judge_file(file: DataFile, schemas: Schemas) -> FileReport:
    """Return what is wrong with ``file``; what nobody foresaw is wrong with the file, too."""
    dataset = schemas.datasets[file.listed.dataset]
    rows = 0
    try:
        typed = read(file.content, dataset)
        rows = len(typed.frame)
        violations = list(_violations(file, typed, dataset, schemas))
    except BadFile as error:
        violations = [_of_file(file, error.rule, str(error), error.row)]
    except Exception as error:  # a file that breaks the judge must not hide the others' verdicts
        violations = [_of_file(file, "readable", f"{type(error).__name__}: {error}", None)]
    return FileReport(
        dataset=dataset.name,
        key=file.listed.key,
        sha256=file.listed.sha256,
        rows=rows,
        first=None,
        last=None,
        refused=bool(violations),
        set_aside=(),
        violations=tuple(_at_most(MAX_VIOLATIONS, file, violations)),
    )


def _violations(
    file: DataFile, typed: TypedFile, dataset: Dataset, schemas: Schemas
) -> Iterator[Violation]:
    if len(typed.frame) < dataset.min_rows:
        text = f"{len(typed.frame)} data rows, at least {dataset.min_rows} are expected"
        yield _of_file(file, "min_rows", text, None)
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
    }.get(check, "is out of range")
    value = value.removesuffix(" 00:00:00")
    message = f"{file.name}: column {column!r}, row {row}: {value} {problem} (rule: {check})"
    return Violation(rule=check, column=column, row=row, value=value, message=message)


def _of_cell(file: DataFile, cell: BadCell) -> Violation:
    value = cell.text[:MAX_VALUE]
    problem = "nothing stands there" if cell.rule == "not_null" else f"{value!r}"
    message = (
        f"{file.name}: column {cell.column!r}, row {cell.row}: {problem} "
        f"is not {cell.expected} (rule: {cell.rule})"
    )
    if cell.rule == "not_null":
        message = (
            f"{file.name}: column {cell.column!r}, row {cell.row}: the value is missing, "
            f"expected {cell.expected} (rule: not_null)"
        )
    return Violation(rule=cell.rule, column=cell.column, row=cell.row, value=value, message=message)


def _of_file(file: DataFile, rule: str, text: str, row: int | None) -> Violation:
    where = file.name if row is None else f"{file.name}: row {row}"
    return Violation(
        rule=rule, column=None, row=row, value=None, message=f"{where}: {text} (rule: {rule})"
    )


def _at_most(most: int, file: DataFile, found: Iterable[Violation]) -> Iterator[Violation]:
    """Yield the first violations, then how many more there are."""
    rest = iter(found)
    yield from islice(rest, most)
    more = sum(1 for _ in rest)
    if more:
        yield _of_file(file, "more", f"{more} more violations are not listed", None)
