"""What is joined: answers that a version gave, and labels that came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One captured request: a score for each of its rows."""

    inference_id: str
    at: datetime
    scores: Sequence[float]
    units: Sequence[str]
    """Whom each row is about; where nobody knows, the request's own id."""
    slices: Sequence[int]
    """A bit for each slice that a row lies in (quality.slices)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is known of one request: a value for each of its rows, None where nothing is yet."""

    inference_id: str
    at: datetime
    """When it was collected."""
    values: Sequence[float | None]


class AnswerFate(StrEnum):
    """Each row of each answer that was read has one."""

    LABELLED = "labelled"
    UNLABELLED = "unlabelled"
    """Its time is over and no label came."""
    CONTRADICTED = "contradicted"
    """Its labels differ."""
    OPEN = "open"
    """Its labels may still come."""
    REPEATED = "repeated"
    """The same answer of the same id, once more."""
    AMBIGUOUS = "ambiguous"
    """Another answer has its id: nobody knows whose label it is."""
    ELSEWHERE = "elsewhere"
    """It belongs to another window."""


class LabelFate(StrEnum):
    """Each value of each label that was read has one."""

    USED = "used"
    REPEATED = "repeated"
    """The same value once more."""
    CONTRADICTORY = "contradictory"
    LATE = "late"
    EARLY = "early"
    """Its answer's time is not over: a label that comes early may be of a peculiar row."""
    UNKNOWN = "unknown"
    """No answer has its id."""
    AMBIGUOUS = "ambiguous"
    ELSEWHERE = "elsewhere"
    MISSHAPEN = "misshapen"
    """Not as many values as its answer has rows."""
    INVALID = "invalid"
    """Not finite, or no class."""


SET_ASIDE = frozenset(
    {
        LabelFate.CONTRADICTORY,
        LabelFate.LATE,
        LabelFate.UNKNOWN,
        LabelFate.AMBIGUOUS,
        LabelFate.MISSHAPEN,
        LabelFate.INVALID,
    }
)
"""What somebody should look at."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Aside:
    """A label that was kept aside, and why."""

    inference_id: str
    row: int
    at: str
    value: str
    fate: LabelFate


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window of answers, and how long their labels are waited for."""

    start: datetime
    end: datetime
    label_window: timedelta
    lateness: timedelta

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def due(self, at: datetime) -> datetime:
        """By when a label of an answer of ``at`` must have come."""
        return at + self.label_window + self.lateness
