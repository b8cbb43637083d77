"""What a model reads, as its card declares it: datasets with their columns, and features."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.errors import ContractError
from contracts.reading import Table


class ColumnType(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a data file; null is refused unless ``nullable``."""

    name: str
    type: ColumnType
    minimum: float | None
    maximum: float | None
    nullable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Files that land below ``<model>/incoming/<name>/``, all with the same columns (CSV)."""

    name: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...]
    """Columns whose combination may occur once in a file; empty: no such rule."""
    min_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One numeric input of the model; a request outside [minimum, maximum] is refused."""

    name: str
    minimum: float | None
    maximum: float | None


def read_column(row: Table) -> Column:
    row.only("name", "type", "min", "max", "nullable")
    return Column(
        name=row.text("name"),
        type=row.choice("type", ColumnType),
        minimum=row.optional_number("min"),
        maximum=row.optional_number("max"),
        nullable=row.flag("nullable", default=False),
    )


def read_dataset(row: Table) -> Dataset:
    row.only("name", "columns", "unique", "min_rows")
    columns = tuple(read_column(column) for column in row.tables("columns"))
    unique = tuple(str(name) for name in row.content.get("unique", ()))
    unknown = [name for name in unique if name not in {column.name for column in columns}]
    if unknown:
        raise ContractError(f"{row.where}.unique names columns that do not exist: {unknown}")
    return Dataset(
        name=row.text("name"),
        columns=columns,
        unique=unique,
        min_rows=row.integer("min_rows", 1, least=1),
    )


def read_feature(row: Table) -> Feature:
    row.only("name", "min", "max")
    return Feature(
        name=row.text("name"),
        minimum=row.optional_number("min"),
        maximum=row.optional_number("max"),
    )
