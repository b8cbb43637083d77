"""Judge one data file by its dataset's rules: used whole, used without its bad rows, or refused."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pandas as pd

from contracts.card import Dataset
from contracts.profile import Profile
from contracts.validation import FileReport, Violation
from ml.data import DataFile, kept
from ml.tables import BadFile, TypedFile, read
from ml.validation import file_rules, row_rules
from ml.validation.file_rules import of_file
from ml.validation.schema import Schemas

MAX_VIOLATIONS = 20
"""Reported per file; one wrong column can break a million rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    report: FileReport
    frame: pd.DataFrame | None
    """The rows that may be used; None: the file is refused."""
    bad_rows: tuple[Violation, ...]
    """Every broken rule of the rows that are set aside."""


def judge_file(file: DataFile, schemas: Schemas, before: Profile | None = None) -> Judged:
    """Judge ``file``, beside the profile of what was accepted before.

    What nobody foresaw is wrong with the file, too: a file that breaks the judge must not hide the
    others' verdicts.
    """
    dataset = schemas.datasets[file.listed.dataset]
    try:
        typed = read(file.content, dataset)
        return _judged(file, typed, schemas, before)
    except BadFile as error:
        violation = of_file(file, error.rule, str(error), row=error.row)
    except Exception as error:
        violation = of_file(file, "readable", f"{type(error).__name__}: {error}")
    return _refused(file, 0, [violation])


def _judged(file: DataFile, typed: TypedFile, schemas: Schemas, before: Profile | None) -> Judged:
    dataset, rows = schemas.datasets[file.listed.dataset], len(typed.frame)
    broken = list(row_rules.violations(file, typed, dataset, schemas))
    bad = sorted({each.row for each in broken if each.row is not None})
    of_no_row = any(each.row is None for each in broken)
    if of_no_row or len(bad) > schemas.card.validation.max_bad_row_share * rows:
        size = file_rules.size(file, dataset, rows)
        return _refused(file, rows, [*size, *broken])
    rest = kept(typed.frame, dataset, bad)
    whole = list(file_rules.violations(file, dataset, rest, schemas.card, before))
    if whole:
        return _refused(file, rows, [*whole, *broken])
    return _used(file, dataset, rows, rest, bad, broken)


def _used(
    file: DataFile,
    dataset: Dataset,
    rows: int,
    rest: pd.DataFrame,
    bad: Sequence[int],
    broken: Sequence[Violation],
) -> Judged:
    first, last = time_range(dataset, rest)
    report = FileReport(
        dataset=dataset.name,
        key=file.listed.key,
        sha256=file.listed.sha256,
        rows=rows,
        first=first,
        last=last,
        refused=False,
        set_aside=tuple(bad),
        violations=tuple(_at_most(MAX_VIOLATIONS, file, broken)),
    )
    return Judged(report=report, frame=rest, bad_rows=tuple(broken))


def _refused(file: DataFile, rows: int, violations: Sequence[Violation]) -> Judged:
    report = FileReport(
        dataset=file.listed.dataset,
        key=file.listed.key,
        sha256=file.listed.sha256,
        rows=rows,
        first=None,
        last=None,
        refused=True,
        set_aside=(),
        violations=tuple(_at_most(MAX_VIOLATIONS, file, violations)),
    )
    return Judged(report=report, frame=None, bad_rows=())


def time_range(dataset: Dataset, frame: pd.DataFrame) -> tuple[str | None, str | None]:
    """Return the first and the last day of the dataset's time column."""
    if dataset.time is None:
        return None, None
    days = frame[dataset.time].dropna()
    return (f"{days.min():%Y-%m-%d}", f"{days.max():%Y-%m-%d}") if len(days) else (None, None)


def _at_most(most: int, file: DataFile, found: Iterable[Violation]) -> Iterator[Violation]:
    """Yield the first violations, then how many more there are."""
    rest = iter(found)
    yield from islice(rest, most)
    more = sum(1 for _ in rest)
    if more:
        yield of_file(file, "more", f"{more} more violations are not listed")
