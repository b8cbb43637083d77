"""Schedules fire once per occurrence, each at its own time, on the account's clock.

MiniStack looks every ten seconds and fires what is due once, however often it fell due. Here
the clock asks when the next occurrence is (EventBridge rules with a schedule, EventBridge
Scheduler), goes there, and MiniStack fires it.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.services import eventbridge, scheduler

from emulator.account_clock import AccountClock
from emulator.ministack.seams import Seam

SEAMS = (
    Seam(path="ministack.services.eventbridge:start_scheduler", parameters=()),
    Seam(path="ministack.services.eventbridge:_tick_scheduled_rules", parameters=()),
    Seam(path="ministack.services.eventbridge:_rules._data"),
    Seam(path="ministack.services.eventbridge:_rule_last_fired"),
    Seam(path="ministack.services.eventbridge:_parse_rate_seconds", parameters=("expr",)),
    Seam(path="ministack.services.eventbridge:_parse_cron_fields", parameters=("expr",)),
    Seam(path="ministack.services.eventbridge:_cron_next_fire", parameters=("fields", "after_dt")),
    Seam(path="ministack.services.scheduler:start_scheduler", parameters=()),
    Seam(path="ministack.services.scheduler:_tick_schedules", parameters=()),
    Seam(path="ministack.services.scheduler:_schedules._data"),
    Seam(path="ministack.services.scheduler:_schedule_last_fired"),
    Seam(path="ministack.services.scheduler:_at_time_epoch", parameters=("expr",)),
    Seam(path="ministack.services.scheduler:_to_epoch", parameters=("value",)),
)

_Fired = dict[Any, float]
_UTC_NAMES = ("", "UTC", "Etc/UTC", "GMT", "Etc/GMT")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Schedules:
    """One of MiniStack's two stores of schedules, with what the walk needs of it."""

    records: dict[Any, dict[str, Any]]
    fired: _Fired
    seen: dict[Any, str]
    """The expression that each schedule had when last looked at."""
    created: str
    tick: Callable[[], None]

    def occurrences(self, now: float) -> Iterator[tuple[Any, float]]:
        """Yield each live schedule's next occurrence (which may have passed)."""
        self._forget_the_gone()
        for key, record in list(self.records.items()):
            expression = record.get("ScheduleExpression", "")
            if not expression:
                continue
            once = scheduler._at_time_epoch(expression)
            self._notice_change(key, expression, once, now)
            if record.get("State") != "ENABLED":
                if once is None:
                    # A schedule enabled again does not make up for what it missed.
                    self.fired[key] = now
                continue
            moment = self._next(key, record, expression, once, now)
            end = scheduler._to_epoch(record.get("EndDate"))
            if moment is not None and (end is None or moment <= end):
                yield key, moment

    def _forget_the_gone(self) -> None:
        for key in [key for key in self.seen if key not in self.records]:
            del self.seen[key]
            self.fired.pop(key, None)

    def _notice_change(self, key: Any, expression: str, once: float | None, now: float) -> None:
        """Count a new expression from now on, not from when the old one last fired."""
        before = self.seen.get(key, expression)
        self.seen[key] = expression
        if before == expression:
            return
        if once is not None:
            self.fired.pop(key, None)
        else:
            self.fired[key] = now

    def _next(
        self, key: Any, record: dict[str, Any], expression: str, once: float | None, now: float
    ) -> float | None:
        if once is not None:
            return None if key in self.fired else once
        # A rule made by CloudFormation has no time of creation: it counts from its first look.
        born = float(record.get(self.created, self.fired.get(key, now)))
        last = max(self.fired.get(key, born), born)
        self.fired[key] = last
        start = scheduler._to_epoch(record.get("StartDate")) or 0.0
        seconds = eventbridge._parse_rate_seconds(expression)
        if seconds is not None:
            return max(last + seconds, start)
        fields = eventbridge._parse_cron_fields(expression)
        if fields is None:
            return None
        after = datetime.fromtimestamp(max(last, start - 60), tz=UTC)
        following = eventbridge._cron_next_fire(fields, after)
        return None if following is None else following.timestamp()


class Occurrences:
    """What the clock asks about schedules."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._seen: tuple[dict[Any, str], dict[Any, str]] = ({}, {})

    @property
    def _stores(self) -> tuple[_Schedules, _Schedules]:
        return (
            _Schedules(
                records=eventbridge._rules._data,
                fired=eventbridge._rule_last_fired,
                seen=self._seen[0],
                created="CreationTime",
                tick=eventbridge._tick_scheduled_rules,
            ),
            _Schedules(
                records=scheduler._schedules._data,
                fired=scheduler._schedule_last_fired,
                seen=self._seen[1],
                created="CreationDate",
                tick=scheduler._tick_schedules,
            ),
        )

    def next_due(self) -> datetime | None:
        now = self._now().timestamp()
        moments = [moment for store in self._stores for _, moment in store.occurrences(now)]
        if not moments:
            return None
        # A hair later: MiniStack compares floats, and it must not find the moment still ahead.
        return datetime.fromtimestamp(min(moments), tz=UTC) + timedelta(microseconds=10)

    def run(self) -> None:
        """Have MiniStack fire what is due, and count it as fired at its own time."""
        now = self._now().timestamp()
        for store in self._stores:
            due = {key: moment for key, moment in store.occurrences(now) if moment <= now}
            if not due:
                continue
            store.tick()
            for key, moment in due.items():
                if key in store.records:
                    store.fired[key] = moment


def install(clock: AccountClock) -> None:
    """Let the clock fire schedules, in place of MiniStack's two ten-second loops."""
    eventbridge.start_scheduler = _no_loop
    scheduler.start_scheduler = _no_loop
    occurrences = Occurrences(clock.now)
    clock.add_source(occurrences.next_due, occurrences.run)


def _no_loop() -> None:
    return None


def zone_refusal(body: dict[str, Any]) -> str | None:
    """Return why a schedule in this time zone cannot be made here, or ``None``."""
    zone = body.get("ScheduleExpressionTimezone") or ""
    rate = str(body.get("ScheduleExpression", "")).lstrip().startswith("rate(")
    if rate or zone in _UTC_NAMES:
        return None
    return (
        f"the embedded account evaluates cron() and at() in UTC only, "
        f"got ScheduleExpressionTimezone {zone!r}"
    )
