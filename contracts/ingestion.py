"""What ingestion does with a day: the input of its workflow, and the day's record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from contracts.reading import Table


class DayOutcome(StrEnum):
    WHOLE = "whole"
    IN_PART = "in_part"
    """Files or rows are quarantined."""
    WAITING = "waiting"
    """A source has nothing for the day yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """What lies in the data bucket of one day's deliveries, and of which bytes it was made."""

    model: str
    day: str
    version: int
    """Counts up when a source has changed since."""
    run_id: str
    outcome: DayOutcome
    sources: Mapping[str, str]
    """The sha256 of all that each dataset's source delivered; none for a source without any."""
    rules: str
    """Digest of what the card asked of the files."""
    rows: Mapping[str, int]
    """Rows of each dataset that are used."""
    refused: int
    """Files that are quarantined."""
    set_aside: int
    """Rows that are quarantined."""
    parts: tuple[str, ...]
    """Keys of the day's rows, by the day on which they happened."""

    @property
    def open(self) -> bool:
        """Whether to look again: the source may have been completed or corrected."""
        return self.outcome is DayOutcome.WAITING or self.refused > 0

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionRequest:
    """The input of one execution of a model's ingestion."""

    run_id: str
    model: str
    as_of: str
    days: tuple[str, ...]
    """Oldest first."""
    image_uri: str
    code_uri: str

    def document(self) -> dict[str, Any]:
        return asdict(self)


def parse_day_record(document: object) -> DayRecord:
    table = Table.of(document, "day record")
    sources, rows = table.table("sources"), table.table("rows")
    return DayRecord(
        model=table.text("model"),
        day=table.text("day"),
        version=table.integer("version", least=1),
        run_id=table.text("run_id"),
        outcome=table.choice("outcome", DayOutcome),
        sources={name: sources.text(name) for name in sources.content},
        rules=table.text("rules"),
        rows={name: rows.integer(name, least=0) for name in rows.content},
        refused=table.integer("refused", least=0),
        set_aside=table.integer("set_aside", least=0),
        parts=table.texts("parts"),
    )
