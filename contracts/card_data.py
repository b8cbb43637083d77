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


class FeatureType(StrEnum):
    NUMBER = "number"
    INTEGER = "integer"
    """A whole number, such as the number of a user: nothing is between two of them."""


LARGEST_WHOLE = 2**24
"""Models are asked in float32, which holds every whole number up to here and not the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a data file; null is refused unless ``nullable``."""

    name: str
    type: ColumnType
    minimum: float | None
    maximum: float | None
    nullable: bool
    allowed: tuple[str, ...]
    """The categories of a text column; empty: any text."""
    compared: bool
    """Whether ``max_psi`` holds for it: not for numbers that name something and only ever grow, and
    never for dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Files that land below ``<model>/incoming/<name>/``, all with the same columns (CSV)."""

    name: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...]
    """Columns whose combination may occur once in a file; empty: no such rule."""
    min_rows: int
    max_rows: int | None
    """Bounds of the rows of one file."""
    time: str | None
    """The date column by which the dataset is ordered, for freshness and ranges."""
    max_age_days: int | None
    """The newest ``time`` of the dataset must be at most this old when a run starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One numeric input of the model; a request outside [minimum, maximum] is refused."""

    name: str
    type: FeatureType
    minimum: float | None
    maximum: float | None


def read_column(row: Table) -> Column:
    row.only("name", "type", "min", "max", "nullable", "allowed", "compared")
    kind = row.choice("type", ColumnType)
    allowed = row.texts("allowed", default=())
    if allowed and kind is not ColumnType.TEXT:
        raise ContractError(f"{row.where}.allowed needs type = text, got {kind.value}")
    if kind is ColumnType.DATE and row.content.get("compared"):
        raise ContractError(f"{row.where}.compared must be false: later files have later dates")
    least = row.optional_number("min")
    return Column(
        name=row.text("name"),
        type=kind,
        minimum=least,
        maximum=row.optional_number("max", least=least),
        nullable=row.flag("nullable", default=False),
        allowed=allowed,
        compared=row.flag("compared", default=kind is not ColumnType.DATE),
    )


def read_dataset(row: Table) -> Dataset:
    row.only("name", "columns", "unique", "min_rows", "max_rows", "time", "max_age_days")
    columns = tuple(read_column(column) for column in row.tables("columns"))
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise ContractError(f"{row.where}.columns names one column twice: {names}")
    unique = row.texts("unique", default=())
    unknown = [name for name in unique if name not in names]
    if unknown:
        raise ContractError(f"{row.where}.unique names columns that do not exist: {unknown}")
    dates = [column.name for column in columns if column.type is ColumnType.DATE]
    time = row.optional_text("time")
    if time is not None and time not in dates:
        raise ContractError(f"{row.where}.time must be a date column ({dates}), got {time!r}")
    age = row.optional_integer("max_age_days", least=1)
    if age is not None and time is None:
        raise ContractError(f"{row.where}.max_age_days needs {row.where}.time")
    least = row.integer("min_rows", 1, least=1)
    return Dataset(
        name=row.text("name"),
        columns=columns,
        unique=unique,
        min_rows=least,
        max_rows=row.optional_integer("max_rows", least=least),
        time=time,
        max_age_days=age,
    )


def read_feature(row: Table) -> Feature:
    row.only("name", "type", "min", "max")
    kind = row.choice("type", FeatureType, FeatureType.NUMBER)
    limit = LARGEST_WHOLE if kind is FeatureType.INTEGER else None
    low = None if limit is None else -limit
    least = row.optional_number("min", least=low, most=limit)
    most = row.optional_number("max", least=low if least is None else least, most=limit)
    return Feature(
        name=row.text("name"),
        type=kind,
        minimum=low if least is None else least,
        maximum=limit if most is None else most,
    )
