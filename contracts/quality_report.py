"""The report of one quality check: what a window's answers were worth, once labels were known."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class QualityVerdict(StrEnum):
    FALLEN = "fallen"
    HELD = "held"
    NO_VERDICT = "no_verdict"


class Silence(StrEnum):
    """Why there is no verdict."""

    NO_ANSWERS = "no_answers"
    LABELS_OPEN = "labels_open"
    NO_LABELS = "no_labels"
    LOW_COVERAGE = "low_coverage"
    TOO_FEW_ROWS = "too_few_rows"
    TOO_FEW_UNITS = "too_few_units"
    ONE_CLASS = "one_class"
    UNMEASURABLE = "unmeasurable"
    NO_REFERENCE = "no_reference"
    """Nothing to compare with yet: no promise for the metric and no earlier window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric of one window, with a two-sided interval."""

    metric: str
    value: float
    low: float
    high: float
    error: float
    """Its standard error."""
    rows: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Of the judged metric with what was to be expected."""

    subject: str
    """``all answers`` or a slice's name."""
    against: str
    """``the gate's promise`` or ``earlier windows``."""
    reference: float
    value: float
    fall: float
    """Above 0 is worse, whichever way the metric goes."""
    chance: float
    """How often, without a fall, a check would see as much."""
    limit: float
    """The largest chance that is called a fall."""
    fallen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of all answers and labels that were read; each is in one line of either."""

    answers: dict[str, int]
    labels: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAside:
    """A label that was not used, and why."""

    inference_id: str
    row: int
    at: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionQuality:
    """What the answers of one version were worth."""

    version: int
    counts: Counts
    coverage: float | None
    verdict: QualityVerdict
    silence: Silence | None
    reason: str
    figures: tuple[Figure, ...]
    comparisons: tuple[Comparison, ...]
    aside: tuple[LabelAside, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    model: str
    window_start: str
    window_end: str
    metric: str
    refused_records: int
    """Captures that could not be read, or do not say which version answered what."""
    refused_labels: int
    """Lines of label files that could not be read."""
    other_labels: int
    """Labels' values whose id no answer of this window has: of other windows, or of nobody."""
    verdict: QualityVerdict
    """Of the newest version that has one."""
    reason: str
    versions: tuple[VersionQuality, ...]
    """Newest first."""

    def document(self) -> dict[str, Any]:
        return asdict(self)
