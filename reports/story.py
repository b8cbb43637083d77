"""What a page about a closed loop tells: plain values, made by whoever watched the loop."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One key figure: ``value`` in large type, what it is, and what to compare it with."""

    label: str
    value: str
    note: str
    good: bool
    """False marks a bar that was missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthQuality:
    """Quality of one month's answers, known once their labels closed."""

    at: datetime
    """The moment the month's requests are about: its first day."""
    live: float | None
    frozen: float | None
    versions: tuple[int, ...]
    """The versions that answered, in the order they did."""
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCheck:
    at: datetime
    share: float
    """Share of the features that drifted, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate decided about one candidate; gain and interval are absent for the first."""

    at: datetime
    version: int
    outcome: str
    candidate: float
    champion: float | None
    gain: float | None
    low: float | None
    high: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    requests: int
    rows: int
    failed: int
    captured: int
    during_promotions: int
    median_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    title: str
    summary: str
    metric: str
    """Name of the quality figure, as axes and tables show it: ``AUC``."""
    direction: str
    """``higher is better`` or ``lower is better``."""
    start: datetime
    end: datetime
    figures: tuple[Figure, ...]
    months: tuple[MonthQuality, ...]
    promotions: tuple[Promotion, ...]
    drift_checks: tuple[DriftCheck, ...]
    drift_alarms: tuple[datetime, ...]
    drift_threshold: float
    min_gain: float
    events: tuple[Event, ...]
    verdicts: tuple[Verdict, ...]
    traffic: Traffic
    stages: tuple[tuple[str, float], ...]
    """Name and real seconds of each stage of making it."""
