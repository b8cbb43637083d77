"""The parts of a model card, each read from its own table."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.errors import ContractError
from contracts.reading import Table


class ColumnType(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"


class Approval(StrEnum):
    """Who approves a candidate that passed the gate."""

    AUTOMATIC = "automatic"
    PERSON = "person"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    instance_type: str
    volume_gib: int
    max_runtime_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    metric: str
    """The metric the gate judges, higher is better: ``auc``."""
    min_holdout_rows: int
    min_class_rows: int
    bootstrap_samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    floor: float
    """No candidate below this value of the metric is approved, champion or not."""
    min_gain: float
    """The candidate must be better than the champion by more than this."""
    confidence: float
    """The lower bound of this two-sided interval of the gain must be above ``min_gain``."""
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    cool_down_hours: float
    """After a run started, schedule and new data start none for this long; drift and people may."""
    daily_cap: int
    lease_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    schedule: str
    """An EventBridge Scheduler expression: ``rate(7 days)``."""
    on_drift: bool
    on_new_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    schedule: str
    min_rows: int
    """Windows with fewer rows give no verdict and are kept for the next check."""
    psi_floor: float
    """A feature counts as drifted only from this PSI on, however large the window is."""
    false_alarm_rate: float
    """Wanted chance per check that undrifted data is called drifted (all features together)."""
    drifted_share: float
    """The alarm trips when at least this share of the features drifted."""
    bins: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    instance_type: str
    instance_count: int
    canary_percent: int
    bake_seconds: int
    max_5xx: int
    """More 5xx answers of the candidate than this within a minute roll it back."""
    probe_requests: int
    """Requests promotion itself sends at each look during the bake."""
    capture_percent: int


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


def read_job(table: Table) -> Job:
    table.only("instance_type", "volume_gib", "max_runtime_seconds")
    return Job(
        instance_type=table.text("instance_type"),
        volume_gib=table.integer("volume_gib", 10, least=1, most=16384),
        max_runtime_seconds=table.integer("max_runtime_seconds", least=1, most=2_419_200),
    )


def read_evaluation(table: Table) -> Evaluation:
    table.only("metric", "min_holdout_rows", "min_class_rows", "bootstrap_samples")
    return Evaluation(
        metric=table.text("metric"),
        min_holdout_rows=table.integer("min_holdout_rows", least=1),
        min_class_rows=table.integer("min_class_rows", least=1),
        bootstrap_samples=table.integer("bootstrap_samples", least=100, most=100_000),
    )


def read_gate(table: Table) -> Gate:
    table.only("floor", "min_gain", "confidence", "approval")
    return Gate(
        floor=table.number("floor"),
        min_gain=table.number("min_gain", least=0),
        confidence=table.number("confidence", least=0.5, most=0.9999),
        approval=table.choice("approval", Approval),
    )


def read_admission(table: Table) -> Admission:
    table.only("cool_down_hours", "daily_cap", "lease_hours")
    return Admission(
        cool_down_hours=table.number("cool_down_hours", least=0),
        daily_cap=table.integer("daily_cap", least=1),
        lease_hours=table.number("lease_hours", least=0.1),
    )


def read_triggers(table: Table) -> Triggers:
    table.only("schedule", "on_drift", "on_new_data")
    return Triggers(
        schedule=table.text("schedule"),
        on_drift=table.flag("on_drift", default=True),
        on_new_data=table.flag("on_new_data", default=True),
    )


def read_drift(table: Table) -> Drift:
    table.only("schedule", "min_rows", "psi_floor", "false_alarm_rate", "drifted_share", "bins")
    return Drift(
        schedule=table.text("schedule"),
        min_rows=table.integer("min_rows", least=1),
        psi_floor=table.number("psi_floor", 0.1, least=0),
        false_alarm_rate=table.number("false_alarm_rate", least=1e-9, most=0.5),
        drifted_share=table.number("drifted_share", least=0.01, most=1),
        bins=table.integer("bins", 10, least=2, most=100),
    )


def read_serving(table: Table) -> Serving:
    table.only(
        "instance_type",
        "instance_count",
        "canary_percent",
        "bake_seconds",
        "max_5xx",
        "probe_requests",
        "capture_percent",
    )
    return Serving(
        instance_type=table.text("instance_type"),
        instance_count=table.integer("instance_count", least=2, most=100),
        canary_percent=table.integer("canary_percent", least=1, most=50),
        bake_seconds=table.integer("bake_seconds", least=0, most=3600),
        max_5xx=table.integer("max_5xx", 0, least=0),
        probe_requests=table.integer("probe_requests", 5, least=1, most=100),
        capture_percent=table.integer("capture_percent", 100, least=1, most=100),
    )
