"""What a drift check can say: drift, no drift, or why it says neither."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.drift_report import DriftVerdict
from drift.judging.persistence import State
from drift.judging.statistics import Test


class NoVerdict(StrEnum):
    """Why there is no verdict; none of these is 'no drift'."""

    NO_BASELINE = "no_baseline"
    OTHER_MODEL = "other_model"
    OTHER_VERSION = "other_version"
    OTHER_SCHEMA = "other_schema"
    SMALL_BASELINE = "small_baseline"
    CONSTANT_BASELINE = "constant_baseline"
    UNREADABLE_WINDOW = "unreadable_window"
    EMPTY_WINDOW = "empty_window"
    TOO_FEW_ROWS = "too_few_rows"


class Alarm(StrEnum):
    SUDDEN = "sudden"
    """So many windows in a row were odd, each by itself."""
    SLOW = "slow"
    """Recent windows together are odd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    label: str
    expected: float
    observed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One feature (or the features together) that moved."""

    feature: str
    test: Test
    p_value: float
    """Of this feature among all, so that false ones are as rare as false alarms are."""
    psi: float | None
    bins: tuple[Bin, ...]
    """Its bins, the one that moved most first."""
    windows: float
    """How many recent windows it was seen in together; 1 for the last one alone."""
    leading: tuple[str, ...] = ()
    """Where features moved together: those that stand out most by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    verdict: DriftVerdict
    reason: str
    rows: float
    no_verdict: NoVerdict | None = None
    p_value: float | None = None
    """Of the window by itself."""
    alarm: Alarm | None = None
    moved: tuple[Moved, ...] = ()
    since: str | None = None
    state: State | None = None
    """To be kept for the next check."""
