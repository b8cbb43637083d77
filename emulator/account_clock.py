"""The clock of a running account: it ticks by itself, and may be advanced event by event.

An advance is a walk. It goes to the earliest moment at which something is due (a sleeper, a
schedule, an alarm), lets that happen, and goes on: a schedule that falls due seven times in a
week fires seven times, each at its own time.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from emulator.clock import ClockStopped

_log = logging.getLogger("emulator.clock")

_TICK = 0.5
"""Real seconds between two looks at what has fallen due by itself."""
_EVENT_POLL = 0.02
"""Real seconds after which a waiter sees that its event was set."""
_GRACE = 0.01
"""Real seconds that woken threads get to show that they are busy."""


class Timekeeper(Protocol):
    """Where time comes from."""

    def now(self) -> datetime: ...

    def shift(self, by: timedelta) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    next_due: Callable[[], datetime | None]
    run: Callable[[], object]


@dataclass(frozen=True, slots=True, eq=False)
class _Sleeper:
    deadline: datetime


class AccountClock:
    """Implements :class:`emulator.clock.Clock`; ``advance_to`` is for tests and the demo."""

    def __init__(self, timekeeper: Timekeeper) -> None:
        self._time = timekeeper
        self._changed = threading.Condition()
        self._walking = threading.Lock()
        self._sleepers: set[_Sleeper] = set()
        self._sources: list[_Source] = []
        self._activities: list[Callable[[], bool]] = []
        self._stopped = False

    def now(self) -> datetime:
        return self._time.now().astimezone(UTC)

    def sleep(self, seconds: float) -> None:
        self._block(seconds, None)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return self._block(seconds, event)

    def add_source(
        self, next_due: Callable[[], datetime | None], run: Callable[[], object]
    ) -> None:
        """Have ``run`` called whenever the moment that ``next_due`` names has come.

        ``run`` must move ``next_due`` on. When it returns ``False`` nothing came of it, and the
        walk does not wait for consequences.
        """
        self._sources.append(_Source(next_due, run))

    def add_activity(self, busy: Callable[[], bool]) -> None:
        """Have an advance wait, within its patience, while ``busy`` says that work goes on."""
        self._activities.append(busy)

    def start(self) -> None:
        """Tick: from now on sources also run when real time makes them due."""
        threading.Thread(target=self._tick, name="account-clock", daemon=True).start()

    def stop(self) -> None:
        """Wake every sleeper with :class:`ClockStopped`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def advance_to(self, target: datetime, *, patience: float = 5.0) -> datetime:
        """Walk to ``target``; return the account's time then.

        ``patience`` bounds, in real seconds, how long each step waits for what it set off.
        """
        if target.tzinfo is None:
            raise ValueError(f"the clock needs a time with a zone, got {target.isoformat()}")
        if target < self.now():
            raise ValueError(
                f"the clock only goes forward: it is {self.now().isoformat()}, "
                f"asked for {target.isoformat()}"
            )
        with self._walking:
            while not self._stopped:
                due = self._next_due()
                step = target if due is None else min(due, target)
                self._shift_to(step)
                happened = self._run_due()
                self._settle(happened, patience)
                following = self._next_due()
                if step >= target and (following is None or following > self.now()):
                    return self.now()
            raise ClockStopped

    def _block(self, seconds: float, event: threading.Event | None) -> bool:
        sleeper = _Sleeper(self.now() + timedelta(seconds=max(0.0, seconds)))
        with self._changed:
            self._sleepers.add(sleeper)
            try:
                while True:
                    if event is not None and event.is_set():
                        return True
                    if self._stopped:
                        raise ClockStopped
                    remaining = (sleeper.deadline - self.now()).total_seconds()
                    if remaining <= 0:
                        return False
                    longest = threading.TIMEOUT_MAX if event is None else _EVENT_POLL
                    self._changed.wait(min(remaining, longest))
            finally:
                self._sleepers.discard(sleeper)

    def _next_due(self) -> datetime | None:
        with self._changed:
            moments = [sleeper.deadline for sleeper in self._sleepers]
        for source in self._sources:
            due = source.next_due()
            if due is not None:
                moments.append(due)
        return min(moments, default=None)

    def _shift_to(self, moment: datetime) -> None:
        with self._changed:
            missing = moment - self.now()
            if missing > timedelta():
                self._time.shift(missing)
            self._changed.notify_all()

    def _run_due(self) -> bool:
        """Run each source that is due, once; return whether anything may have come of it."""
        with self._changed:
            happened = any(sleeper.deadline <= self.now() for sleeper in self._sleepers)
        for source in self._sources:
            due = source.next_due()
            if due is None or due > self.now():
                continue
            try:
                happened = source.run() is not False or happened
            except Exception:
                _log.exception("what was due at %s failed", due.isoformat())
        return happened

    def _settle(self, happened: bool, patience: float) -> None:
        if not happened:
            return
        until = time.monotonic() + patience
        quiet = 0
        while quiet < 2 and time.monotonic() < until and not self._stopped:
            with self._changed:
                self._changed.wait(_GRACE)
            quiet = 0 if self._busy() else quiet + 1

    def _busy(self) -> bool:
        with self._changed:
            now = self.now()
            waking = any(sleeper.deadline <= now for sleeper in self._sleepers)
        return waking or any(busy() for busy in self._activities)

    def _tick(self) -> None:
        while True:
            with self._changed:
                if self._stopped:
                    return
                self._changed.wait(_TICK)
            if self._walking.acquire(blocking=False):
                try:
                    self._run_due()
                finally:
                    self._walking.release()
