"""When one alarm's evaluation can next give another answer.

AWS evaluates an alarm every minute. Between two data, most of those evaluations see the same data
in the same periods; leaving them out changes nothing and lets the clock jump 30 days at once.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from emulator.cloudwatch.alarm import Rule


@dataclass(slots=True, kw_only=True)
class Watch:
    """What is remembered of one alarm between evaluations."""

    rule: Rule
    since: float
    """When the alarm was put, or its state set by hand: it is evaluated at the next boundary."""
    at: float | None = None
    """The boundary of the last evaluation."""
    seen: int = 0
    late: bool = False
    """Data have arrived behind the last boundary."""
    boundaries: set[float] = field(default_factory=set[float])

    def look(self, timestamps: Iterable[float]) -> None:
        """Take note of the data there is now."""
        oldest = self.oldest
        counted = [stamp for stamp in timestamps if stamp >= oldest]
        self.boundaries = {after(stamp, self.rule.step) for stamp in counted}
        self.late = self.at is not None and self.seen != _before(self.at, counted)

    def due(self, now: float) -> float | None:
        """Return the boundary at which to evaluate next.

        One that passed before its data arrived is not gone back to: late data are judged at once,
        as of the latest boundary.
        """
        latest = after(now, self.rule.step) - self.rule.step
        if self.at is None:
            return max(after(self.since, self.rule.step), latest)
        candidates = [latest] if self.late else []
        for boundary in self.boundaries:
            candidates.extend(self._crossings(boundary))
        return max(min(candidates), latest) if candidates else None

    def evaluated(self, at: float, timestamps: Iterable[float]) -> None:
        """Remember that the evaluation at boundary ``at`` saw ``timestamps``."""
        self.at = at
        self.seen = _before(at, [stamp for stamp in timestamps if stamp >= self.oldest])

    def _crossings(self, boundary: float) -> Iterable[float]:
        """Yield the next boundary at which a datum moves into another period.

        ``boundary`` is the first one after the datum: there it enters the newest period, and a
        period later the next, until it leaves the range.
        """
        at = self.at if self.at is not None else -math.inf
        age = max(0, math.floor((at - boundary) / self.rule.period) + 1)
        if age <= self.rule.range:
            yield boundary + age * self.rule.period

    @property
    def oldest(self) -> float:
        """The start of the range of the last evaluation: older data cannot matter any more."""
        at = self.at if self.at is not None else self.since
        return at - self.rule.range * self.rule.period


def after(moment: float, step: int) -> float:
    """Return the first boundary later than ``moment``."""
    return (math.floor(moment / step) + 1) * step


def _before(moment: float, timestamps: Iterable[float]) -> int:
    return sum(stamp < moment for stamp in timestamps)
