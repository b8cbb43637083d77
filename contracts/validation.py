"""The validation report: which files a run may use, and why not the others."""

from dataclasses import asdict, dataclass
from typing import Any

from contracts.reading import Table


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
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    run_id: str
    as_of: str
    snapshot_digest: str
    files: tuple[FileReport, ...]

    @property
    def refused(self) -> tuple[FileReport, ...]:
        return tuple(file for file in self.files if file.violations)

    def document(self) -> dict[str, Any]:
        verdict = "rejected" if self.refused else "accepted"
        return {"verdict": verdict, **asdict(self)}


def parse_report(document: object) -> ValidationReport:
    table = Table.of(document, "validation report")
    return ValidationReport(
        run_id=table.text("run_id"),
        as_of=table.text("as_of"),
        snapshot_digest=table.text("snapshot_digest"),
        files=tuple(_file(row) for row in table.tables("files")),
    )


def _file(row: Table) -> FileReport:
    return FileReport(
        dataset=row.text("dataset"),
        key=row.text("key"),
        sha256=row.text("sha256"),
        rows=row.integer("rows", least=0),
        violations=tuple(_violation(item) for item in row.tables("violations")),
    )


def _violation(row: Table) -> Violation:
    return Violation(
        rule=row.text("rule"),
        column=row.optional_text("column"),
        row=None if row.content.get("row") is None else row.integer("row", least=1),
        value=None if row.content.get("value") is None else str(row.content["value"]),
        message=row.text("message"),
    )
