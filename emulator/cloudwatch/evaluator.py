"""The account's alarms on the account's clock: which are due, and what each is found to be."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from emulator.cloudwatch.alarm import State, rule_of
from emulator.cloudwatch.evaluation import evaluate
from emulator.cloudwatch.queries import Metric, queries_of
from emulator.cloudwatch.reason import reason, reason_data
from emulator.cloudwatch.statistics import Datum
from emulator.cloudwatch.watch import Watch

AlarmRecord = dict[str, Any]
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A change of state that an evaluation found."""

    state: State
    reason: str
    reason_data: str
    at: datetime


class AlarmBook(Protocol):
    """Where alarms and metrics are kept."""

    def alarms(self) -> Iterable[AlarmRecord]:
        """Return the account's metric alarms, as ``DescribeAlarms`` shows them."""
        ...

    def data(self, metric: Metric, since: float) -> Sequence[Datum]:
        """Return what was recorded of ``metric`` for ``since`` and later."""
        ...

    def moments(self, metric: Metric, since: float) -> Sequence[float]:
        """Return the times of the data that can change an answer, ``since`` or later."""
        ...

    def change(self, alarm: AlarmRecord, finding: Finding) -> None:
        """Store the new state, record it, run the actions."""
        ...


class AlarmEvaluator:
    """Evaluates alarms at the boundaries AWS evaluates them at, in order."""

    def __init__(self, book: AlarmBook, now: Now) -> None:
        self._book = book
        self._now = now
        self._watches: dict[str, Watch] = {}
        self._lock = threading.RLock()

    def restart(self, arn: str) -> None:
        """Evaluate the alarm afresh at the next boundary: it was put, or its state was set.

        "If you use SetAlarmState, the alarm returns to its actual state quickly".
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
        """
        with self._lock:
            self._watches.pop(arn, None)

    def next_due(self) -> datetime | None:
        """Return the next moment at which an evaluation can change something."""
        with self._lock:
            due = [moment for _, _, moment in self._due()]
        return datetime.fromtimestamp(min(due), UTC) if due else None

    def evaluate_due(self) -> None:
        """Evaluate what is due at the clock's now, boundary by boundary."""
        while True:
            with self._lock:
                now = self._now().timestamp()
                due = [entry for entry in self._due() if entry[2] <= now]
                if not due:
                    return
                alarm, watch, moment = min(due, key=lambda entry: entry[2])
                found = self._evaluate(alarm, watch, moment)
            if found is not None:
                self._book.change(alarm, found)

    def _due(self) -> list[tuple[AlarmRecord, Watch, float]]:
        now = self._now().timestamp()
        entries: list[tuple[AlarmRecord, Watch, float]] = []
        alarms = {alarm["AlarmArn"]: alarm for alarm in self._book.alarms()}
        self._watches = {arn: watch for arn, watch in self._watches.items() if arn in alarms}
        for arn, alarm in alarms.items():
            watch = self._watches.get(arn)
            if watch is None:
                watch = self._watches[arn] = Watch(rule=rule_of(alarm), since=now)
            watch.look(self._timestamps(alarm, watch))
            moment = watch.due(now)
            if moment is not None:
                entries.append((alarm, watch, moment))
        return entries

    def _evaluate(self, alarm: AlarmRecord, watch: Watch, moment: float) -> Finding | None:
        points = queries_of(alarm).datapoints(watch.rule, self._book.data, moment)
        verdict = evaluate(watch.rule, points)
        watch.evaluated(moment, self._timestamps(alarm, watch))
        if verdict.state is None or verdict.state == alarm["StateValue"]:
            return None
        at = max(datetime.fromtimestamp(moment, UTC), self._now())
        return Finding(
            state=verdict.state,
            reason=reason(watch.rule, verdict, verdict.state),
            reason_data=reason_data(alarm, watch.rule, verdict, at),
            at=at,
        )

    def _timestamps(self, alarm: AlarmRecord, watch: Watch) -> list[float]:
        return [
            moment
            for query in queries_of(alarm).metrics
            for moment in self._book.moments(query.metric, watch.oldest)
        ]
