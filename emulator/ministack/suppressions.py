"""The account's composite alarms whose actions another alarm suppresses."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.cloudwatch.composite import FIELDS
from emulator.cloudwatch.evaluator import AlarmRecord
from emulator.cloudwatch.suppression import Suppression, suppressor_of

SEAMS = (
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_composite_alarms",
    "ministack.services.cloudwatch:_rule_ref_name",
)

_SHOWN = ("ActionsSuppressedBy", "ActionsSuppressedReason")


class Suppressions:
    """By the name of the composite alarm; ``resume`` takes the actions of one that waited."""

    def __init__(
        self, cloudwatch: Any, now: Callable[[], datetime], resume: Callable[[AlarmRecord], None]
    ) -> None:
        self._cloudwatch = cloudwatch
        self._now = now
        self._resume = resume
        self._kept: dict[str, Suppression] = {}
        self._lock = threading.RLock()

    def put(self, asked: Mapping[str, Any]) -> None:
        """Follow PutCompositeAlarm, which may name another suppressor, or none any more.

        "If you replace the action suppressor alarm, any active WaitPeriod or ExtensionPeriod is
        discarded" (Create_Composite_Alarm_Suppression.html).
        """
        with self._lock:
            name, before = asked["AlarmName"], self._kept.pop(asked["AlarmName"], None)
            if not asked.get(FIELDS[0]):
                return
            settings = suppressor_of(asked, self._cloudwatch._rule_ref_name(asked[FIELDS[0]]))
            kept = before is not None and before.settings.alarm == settings.alarm
            if before is not None and kept:
                before.settings = settings
            self._kept[name] = before if before and kept else Suppression(settings=settings)

    def depending_on(self, name: str) -> list[str]:
        """Return the composite alarms that ``name`` suppresses."""
        with self._lock:
            return [each for each, one in self._kept.items() if one.settings.alarm == name]

    def transitioned(self, alarm: AlarmRecord) -> bool:
        """Say whether an alarm that has changed its state takes its actions now."""
        with self._lock:
            found = self._kept.get(alarm["AlarmName"]) if alarm.get("AlarmRule") else None
            if found is None:
                return True
            suppressor = self._find(found.settings.alarm)
            on = suppressor is not None and suppressor["StateValue"] == "ALARM"
            acts = found.transitioned(self._now().timestamp(), suppressor_on=on)
            self._show(alarm, found)
            return acts

    def suppressor_changed(self, suppressor: AlarmRecord) -> None:
        on = suppressor["StateValue"] == "ALARM"
        self._advance(
            self.depending_on(suppressor["AlarmName"]),
            lambda one, now: one.suppressor_changed(now, on=on),
        )

    def next_due(self) -> datetime | None:
        """Return when the next period ends."""
        with self._lock:
            due = [one.until for one in self._kept.values() if one.until is not None]
        return datetime.fromtimestamp(min(due), UTC) if due else None

    def pass_time(self) -> None:
        self._advance(list(self._kept), lambda one, now: one.passed(now))

    def _advance(self, names: list[str], step: Callable[[Suppression, float], bool]) -> None:
        released: list[AlarmRecord] = []
        with self._lock:
            for name in names:
                alarm, one = self._cloudwatch._composite_alarms.get(name), self._kept.get(name)
                if alarm is None or one is None:
                    self._kept.pop(name, None)  # it was deleted
                    continue
                if step(one, self._now().timestamp()):
                    released.append(alarm)
                self._show(alarm, one)
        for alarm in released:
            self._resume(alarm)

    def _find(self, name: str) -> AlarmRecord | None:
        stores = self._cloudwatch._alarms, self._cloudwatch._composite_alarms
        return next((found for store in stores if (found := store.get(name))), None)

    def _show(self, alarm: AlarmRecord, one: Suppression) -> None:
        for field in _SHOWN:
            alarm.pop(field, None)
        alarm.update(one.described())
