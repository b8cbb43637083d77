"""The records that one check counts: a time span of one version's answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.adapters.capture_record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which records count: those of one version whose time lies in [start, end)."""

    start: datetime
    end: datetime
    version: int

    def holds(self, record: Record) -> bool:
        return (
            self.start <= record.at < self.end
            and record.version in (None, str(self.version))
            and record.answered
            and not record.is_probe
        )

    def answered_within(self, record: Record) -> bool:
        """Whether an answer fell into the span, a probe's or another version's as well."""
        return record.answered and self.start <= record.at < self.end

    def ends_hour(self, hour: datetime) -> bool:
        """Whether the hour's last second is in this span: true for one of adjoining spans.

        A line without a readable time is counted by its folder's hour, so that files which two
        windows read (as an hour has records of both) have it counted once.
        """
        return self.start <= hour + timedelta(minutes=59, seconds=59) < self.end
