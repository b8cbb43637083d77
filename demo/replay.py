"""What the demo plays for a model, as its folder's replay.toml says."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from contracts import card as cards
from contracts.card import Dataset, ModelCard
from contracts.errors import ContractError
from contracts.reading import Table
from demo import places
from demo.failure import DemoFailed

FILE = "replay.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file inside a wheel of the package index; it is read and never installed."""

    requirement: str
    wheel: str
    sha256: str
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    card: ModelCard
    folder: Path
    title: str
    origin: str
    """One sentence about the data, for the page."""
    start: datetime
    """The account's clock when it begins; what was known by then is there at once."""
    last_month: date
    rows_per_request: int
    source: Source | None
    """None: ``history.py`` makes the data up, and ``origin`` says so."""
    limit: float
    """Worst metric of the last month that clears the bar."""
    above_frozen: float
    """By how much the live model must be better than the first one, never retrained."""

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def landing_order(self) -> list[str]:
        """Datasets with the label before the others: what is learned from needs both."""
        label = self.card.label

        def without_label(dataset: Dataset) -> bool:
            return label not in {column.name for column in dataset.columns}

        return [each.name for each in sorted(self.card.datasets, key=without_label)]


def load(model: str) -> Replay:
    """Read the model's card and replay; an unknown model is told which ones there are."""
    known = sorted(path.parent.name for path in places.WORKLOADS.glob(f"*/{FILE}"))
    folder = places.WORKLOADS / model
    if model not in known:
        raise DemoFailed(
            f"no model {model!r} can be played",
            next_step=f"choose one of: {', '.join(known)} (a folder of {places.WORKLOADS} with "
            f"a {FILE})",
        )
    path = folder / FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return _replay(folder, Table.of(document, str(path)))
    except (tomllib.TOMLDecodeError, ContractError) as error:
        raise DemoFailed(f"{path}: {error}", next_step="mend the file") from error


def _replay(folder: Path, table: Table) -> Replay:
    table.only("title", "origin", "start", "last_month", "rows_per_request", "source", "bars")
    bars, source = table.table("bars").only("limit", "above_frozen"), table.optional_table("source")
    return Replay(
        card=cards.load(folder / "card.toml"),
        folder=folder,
        title=table.text("title"),
        origin=table.text("origin"),
        start=datetime.combine(_day(table.content, "start"), time(), UTC),
        last_month=_day(table.content, "last_month"),
        rows_per_request=table.integer("rows_per_request", 100, least=1, most=10_000),
        source=None if source is None else _source(source),
        limit=bars.number("limit"),
        above_frozen=bars.number("above_frozen"),
    )


def _source(table: Table) -> Source:
    table.only("requirement", "wheel", "sha256", "member")
    return Source(
        requirement=table.text("requirement"),
        wheel=table.text("wheel"),
        sha256=table.text("sha256"),
        member=table.text("member"),
    )


def _day(content: Mapping[str, Any], name: str) -> date:
    value = content.get(name)
    if not isinstance(value, date) or isinstance(value, datetime) or value.day != 1:
        raise ContractError(f"{name} must be the first of a month like 1997-05-01, got {value!r}")
    return value
