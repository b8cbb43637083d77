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
    ranges = tuple(_range(row, hyperparameters) for row in table.tables("ranges"))
    names = [one.name for one in ranges]
    if not names or len(set(names)) != len(names):
        raise ContractError(f"{table.where}.ranges must name one or more, each once, got {names}")
    return Tuning(trials=table.integer("trials", least=2, most=1000), ranges=ranges)


def _range(row: Table, hyperparameters: tuple[str, ...]) -> Range:
    row.only("name", "low", "high", "log", "whole")
    name = row.text("name")
    if name not in hyperparameters or name == "seed":
        allowed = ", ".join(each for each in hyperparameters if each != "seed")
        raise ContractError(
            f"{row.where}.name must be one of the card's hyperparameters ({allowed}), got {name!r}"
        )
    low, log = row.number("low"), row.flag("log", default=False)
    high, whole = row.number("high", least=low), row.flag("whole", default=False)
    if log and low <= 0:
        raise ContractError(f"{row.where}.low must be above 0 with log = true, got {low}")
    if whole and not (low.is_integer() and high.is_integer()):
        raise ContractError(f"{row.where} has whole = true and the bounds {low} and {high}")
    return Range(name=name, low=low, high=high, log=log, whole=whole)
