"""The profile that validation writes of what it accepted, and compares later files with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contracts.errors import ContractError
from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """How often a column's values fall into each bin.

    A numeric column has ``cuts`` (see contracts.baseline), a text one ``categories``; the last of
    its ``counts`` is of all other texts.
    """

    dataset: str
    column: str
    cuts: tuple[float, ...]
    categories: tuple[str, ...]
    counts: tuple[int, ...]
    missing: int

    def __post_init__(self) -> None:
        bins = len(self.cuts) + len(self.categories) + 1
        if len(self.counts) != bins:
            raise ContractError(
                f"the profile of {self.dataset}.{self.column} needs {bins} counts, "
                f"got {len(self.counts)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    run_id: str
    files: Mapping[str, str]
    """The sha256 of each file, by its key: only others are new."""
    columns: tuple[ColumnProfile, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)


def parse_profile(document: object) -> Profile:
    table = Table.of(document, "profile")
    files = table.table("files")
    return Profile(
        run_id=table.text("run_id"),
        files={key: files.text(key) for key in files.content},
        columns=tuple(_column(row) for row in table.tables("columns")),
    )


def _column(row: Table) -> ColumnProfile:
    return ColumnProfile(
        dataset=row.text("dataset"),
        column=row.text("column"),
        cuts=row.numbers("cuts"),
        categories=row.texts("categories"),
        counts=tuple(int(count) for count in row.numbers("counts")),
        missing=row.integer("missing", least=0),
    )
