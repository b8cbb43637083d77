"""The validation report: which files and rows a run may use, and why not the others."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from contracts.reading import Table


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    IN_PART = "accepted_in_part"
    """Files or rows are quarantined; the run uses the others."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule. ``row`` counts data rows from 1; null where the whole file is meant."""

    rule: str
    column: str | None
    row: int | None
    value: str | None
    message: str
    """A sentence that names file, column, row and rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    dataset: str
    key: str
    sha256: str
    rows: int
    first: str | None
    last: str | None
    """The range of the dataset's time column."""
    refused: bool
    set_aside: tuple[int, ...]
    """Rows of a file that is not refused which nobody may use; ascending."""
    violations: tuple[Violation, ...]
    """Why it is refused, or why rows are set aside (the first ones of many)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetReport:
    """What holds for all accepted files of a dataset together."""

    dataset: str
    rows: int
    violations: tuple[Violation, ...]
    """Any one refuses the run: nothing is left that it could use instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    run_id: str
    as_of: str
    snapshot_digest: str
    stop_on_refused: bool
    """The card's word: one refused file refuses the run."""
    files: tuple[FileReport, ...]
    datasets: tuple[DatasetReport, ...]

    @property
    def refused(self) -> tuple[FileReport, ...]:
        return tuple(file for file in self.files if file.refused)

    @property
    def broken(self) -> tuple[Violation, ...]:
        """What refuses the run whatever becomes of single files."""
        return tuple(v for dataset in self.datasets for v in dataset.violations)

    @property
    def verdict(self) -> Verdict:
        if self.broken or (self.refused and self.stop_on_refused):
            return Verdict.REJECTED
        in_part = self.refused or any(file.set_aside for file in self.files)
        return Verdict.IN_PART if in_part else Verdict.ACCEPTED

    def document(self) -> dict[str, Any]:
        return {"verdict": self.verdict.value, **asdict(self)}


def parse_report(document: object) -> ValidationReport:
    table = Table.of(document, "validation report")
    return ValidationReport(
        run_id=table.text("run_id"),
        as_of=table.text("as_of"),
        snapshot_digest=table.text("snapshot_digest"),
        stop_on_refused=table.flag("stop_on_refused"),
        files=tuple(_file(row) for row in table.tables("files")),
        datasets=tuple(_dataset(row) for row in table.tables("datasets")),
    )


def _file(row: Table) -> FileReport:
    return FileReport(
        dataset=row.text("dataset"),
        key=row.text("key"),
        sha256=row.text("sha256"),
        rows=row.integer("rows", least=0),
        first=row.optional_text("first"),
        last=row.optional_text("last"),
        refused=row.flag("refused"),
        set_aside=tuple(int(number) for number in row.numbers("set_aside")),
        violations=tuple(_violation(item) for item in row.tables("violations")),
    )


def _dataset(row: Table) -> DatasetReport:
    return DatasetReport(
        dataset=row.text("dataset"),
        rows=row.integer("rows", least=0),
        violations=tuple(_violation(item) for item in row.tables("violations")),
    )


def _violation(row: Table) -> Violation:
    return Violation(
        rule=row.text("rule"),
        column=row.optional_text("column"),
        row=row.optional_integer("row", least=1),
        value=None if row.content.get("value") is None else str(row.content["value"]),
        message=row.text("message"),
    )
