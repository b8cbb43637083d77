"""The baseline that training writes and drift checks read: how the training data looked."""

from dataclasses import asdict, dataclass
from typing import Any

from contracts.errors import ContractError
from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureBaseline:
    """One numeric feature cut into bins, open at both ends, with a bin for missing values.

    ``cuts`` are the inner boundaries, ascending; a value ``v`` lies in the bin numbered by how
    many cuts are ``<= v``. ``counts`` has ``len(cuts) + 1`` rows-per-bin, ``missing`` the rest.
    """

    name: str
    cuts: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.cuts) + 1:
            raise ContractError(
                f"feature {self.name!r} has {len(self.cuts)} cuts and so needs "
                f"{len(self.cuts) + 1} counts, got {len(self.counts)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    model: str
    run_id: str
    snapshot_date: str
    rows: int
    features: tuple[FeatureBaseline, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)


def parse_baseline(document: object) -> Baseline:
    table = Table.of(document, "baseline")
    return Baseline(
        model=table.text("model"),
        run_id=table.text("run_id"),
        snapshot_date=table.text("snapshot_date"),
        rows=table.integer("rows", least=1),
        features=tuple(_feature(row) for row in table.tables("features")),
    )


def parse_feature(document: object) -> FeatureBaseline:
    """Read one feature's baseline that lies alone (predictions.json)."""
    return _feature(Table.of(document, "feature baseline"))


def _feature(row: Table) -> FeatureBaseline:
    return FeatureBaseline(
        name=row.text("name"),
        cuts=row.numbers("cuts"),
        counts=tuple(int(count) for count in row.numbers("counts")),
        missing=row.integer("missing", least=0),
    )
