"""What decides about a model, as its card declares it: evaluation, gate, admission, drift."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.reading import Table


class Approval(StrEnum):
    """Who approves a candidate that passed the gate."""

    AUTOMATIC = "automatic"
    PERSON = "person"


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
