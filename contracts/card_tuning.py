"""Which hyperparameters training searches, as the card declares it."""

from dataclasses import dataclass

from contracts.errors import ContractError
from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One hyperparameter's values from ``low`` to ``high``, both included."""

    name: str
    low: float
    high: float
    log: bool
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    trials: int
    ranges: tuple[Range, ...]


def read_tuning(table: Table, hyperparameters: tuple[str, ...]) -> Tuning:
    table.only("trials", "ranges")
    return Tuning(
        trials=table.integer("trials", least=2, most=1000),
        ranges=tuple(_range(row, hyperparameters) for row in table.tables("ranges")),
    )


def _range(row: Table, hyperparameters: tuple[str, ...]) -> Range:
    row.only("name", "low", "high", "log", "whole")
    name = row.text("name")
    if name not in hyperparameters:
        raise ContractError(
            f"{row.where}.name must be one of the card's hyperparameters "
            f"({', '.join(hyperparameters)}), got {name!r}"
        )
    low = row.number("low")
    return Range(
        name=name,
        low=low,
        high=row.number("high", least=low),
        log=row.flag("log", default=False),
        whole=row.flag("whole", default=False),
    )
