"""When a model's loop runs, as its card declares it: validation, admission, triggers, drift."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.reading import Table


class OnRefusedFile(StrEnum):
    GO_ON = "go_on"
    """The file is quarantined; the run uses the good ones."""
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    on_refused_file: OnRefusedFile
    max_bad_row_share: float
    """Up to this share of a file's rows may be set aside, each with its rule; a file with more is
    refused whole."""
    min_class_share: float
    """Of a classifier's labels in a file: no class may be rarer."""
    max_psi: float | None
    """No column of a new file may differ from the last accepted snapshot by more; None: unasked."""
    min_psi_rows: int
    """Smaller files are too few to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    cool_down_hours: float
    """After a run started, schedule and new data start none for this long; drift and people may."""
    daily_cap: int
    lease_hours: float
    max_rejected: int
    """After so many rejected candidates in a row nothing starts a run until a person resumes."""


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


def read_validation(table: Table) -> Validation:
    table.only("on_refused_file", "max_bad_row_share", "min_class_share", "max_psi", "min_psi_rows")
    return Validation(
        on_refused_file=table.choice("on_refused_file", OnRefusedFile, OnRefusedFile.GO_ON),
        max_bad_row_share=table.number("max_bad_row_share", 0.0, least=0, most=0.5),
        min_class_share=table.number("min_class_share", 0.0, least=0, most=0.5),
        max_psi=table.optional_number("max_psi", least=0.01),
        min_psi_rows=table.integer("min_psi_rows", 500, least=50),
    )


def read_admission(table: Table) -> Admission:
    table.only("cool_down_hours", "daily_cap", "lease_hours", "max_rejected")
    return Admission(
        cool_down_hours=table.number("cool_down_hours", 24, least=0),
        daily_cap=table.integer("daily_cap", 3, least=1),
        lease_hours=table.number("lease_hours", 12, least=0.1),
        max_rejected=table.integer("max_rejected", 5, least=1),
    )


def read_triggers(table: Table) -> Triggers:
    table.only("schedule", "on_drift", "on_new_data")
    return Triggers(
        schedule=table.text("schedule", "rate(7 days)"),
        on_drift=table.flag("on_drift", default=True),
        on_new_data=table.flag("on_new_data", default=True),
    )


def read_drift(table: Table) -> Drift:
    table.only("schedule", "min_rows", "psi_floor", "false_alarm_rate", "drifted_share", "bins")
    return Drift(
        schedule=table.text("schedule", "rate(1 day)"),
        min_rows=table.integer("min_rows", 500, least=1),
        psi_floor=table.number("psi_floor", 0.1, least=0),
        false_alarm_rate=table.number("false_alarm_rate", 0.001, least=1e-9, most=0.5),
        drifted_share=table.number("drifted_share", 0.3, least=0.01, most=1),
        bins=table.integer("bins", 10, least=2, most=100),
    )
