"""When a composite alarm's actions wait for its suppressor, and when they are taken after all.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emulator.cloudwatch.alarm import Record


class SuppressedBy(StrEnum):
    WAIT = "WaitPeriod"
    EXTENSION = "ExtensionPeriod"
    ALARM = "Alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressor:
    """What PutCompositeAlarm was asked: an alarm, and two periods in seconds."""

    alarm: str
    """Its name."""
    wait: float
    extension: float


@dataclass(slots=True, kw_only=True)
class Suppression:
    """Of one composite alarm. Each method says whether the alarm takes its actions now.

    Actions are "based on their current states when ExtensionPeriod and WaitPeriod become
    inactive". A state that was there before its suppressor went on was acted on then: it is not
    again when the suppressor goes off (AWS's examples do not show that case; unproven).
    """

    settings: Suppressor
    by: SuppressedBy | None = None
    until: float | None = None
    """Seconds since the epoch at which the period ends."""
    _owed: bool = False

    def transitioned(self, now: float, *, suppressor_on: bool) -> bool:
        """The composite alarm has changed its state: a period that was active is discarded."""
        self._owed = True
        if suppressor_on:
            self._hold(SuppressedBy.ALARM, None)
            return False
        if self.settings.wait > 0:
            self._hold(SuppressedBy.WAIT, now + self.settings.wait)
            return False
        return self._released()

    def suppressor_changed(self, now: float, *, on: bool) -> bool:
        if on:
            self._hold(SuppressedBy.ALARM, None)
            return False
        if self.by is not SuppressedBy.ALARM:
            return False  # from OK to INSUFFICIENT_DATA or back
        if self.settings.extension > 0:
            self._hold(SuppressedBy.EXTENSION, now + self.settings.extension)
            return False
        return self._released()

    def passed(self, now: float) -> bool:
        """Time has passed: a period may have ended."""
        if self.until is None or now < self.until:
            return False
        return self._released()

    def described(self) -> dict[str, Any]:
        """Return what DescribeAlarms and events add to the state."""
        if self.by is None:
            return {}
        return {
            "ActionsSuppressedBy": self.by.value,
            "ActionsSuppressedReason": f"Actions suppressed by {self.by.value}",
        }

    def _hold(self, by: SuppressedBy, until: float | None) -> None:
        self.by, self.until = by, until

    def _released(self) -> bool:
        owed, self._owed = self._owed, False
        self.by = self.until = None
        return owed


def suppressor_of(asked: Record, name: str) -> Suppressor:
    """Read PutCompositeAlarm's arguments, whose suppressor is the alarm called ``name``."""
    return Suppressor(
        alarm=name,
        wait=float(asked["ActionsSuppressorWaitPeriod"]),
        extension=float(asked["ActionsSuppressorExtensionPeriod"]),
    )
