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
from emulator.sleepers import Sleepers

_log = logging.getLogger("emulator.clock")

_TICK = 0.5
"""Real seconds between two looks at what has fallen due by itself."""
_GRACE = 0.01
"""Real seconds that woken threads get to show that they are busy."""
_STUCK = 100
"""Rounds at one moment after which a walk gives up on what does not move on."""


class Timekeeper(Protocol):
    """Where time comes from."""

    def now(self) -> datetime: ...

    def shift(self, by: timedelta) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    next_due: Callable[[], datetime | None]
    run: Callable[[], object]


class AccountClock:
    """Implements :class:`emulator.clock.Clock`; ``advance_to`` is for tests and the demo."""

    def __init__(self, timekeeper: Timekeeper) -> None:
        self._time = timekeeper
        self._sleepers = Sleepers(self.now)
        self._walking = threading.Lock()
        self._sources: list[_Source] = []
        self._activities: list[Callable[[], bool]] = []
        self._preparations: list[Callable[[], None]] = []

    def now(self) -> datetime:
        return self._time.now().astimezone(UTC)

    def sleep(self, seconds: float) -> None:
        self._sleepers.block(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return self._sleepers.block(seconds, event)

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

    def add_preparation(self, prepare: Callable[[], None]) -> None:
        """Have ``prepare`` called before an advance moves the time, each time it does.

        It sees to what happens by itself as time goes by and takes no account's time to do: what
        is uploaded every second is there when a day has passed.
        """
        self._preparations.append(prepare)

    def start(self) -> None:
        """Tick: from now on sources also run when real time makes them due."""
        threading.Thread(target=self._tick, name="account-clock", daemon=True).start()

    def stop(self) -> None:
        """Wake every sleeper with :class:`ClockStopped`."""
        self._sleepers.stop()

    def advance_to(self, target: datetime, *, patience: float = 5.0) -> datetime:
        """Walk to ``target``; return the account's time then.

        ``patience`` bounds, in real seconds, how long each step waits for what it set off.
        """
        if target.tzinfo is None:
            raise ValueError(f"the clock needs a time with a zone, got {target.isoformat()}")
        now = self.now()
        if target < now:
            raise ValueError(
                f"the clock only goes forward: it is {now.isoformat()}, "
                f"asked for {target.isoformat()}"
            )
        return self._walk(target, patience)

    def advance(self, by: timedelta, *, patience: float = 5.0) -> datetime:
        """Like :meth:`advance_to`, by a span of time."""
        if by < timedelta():
            raise ValueError(f"the clock only goes forward, asked for {by.total_seconds():g} s")
        return self._walk(self.now() + by, patience)

    def _walk(self, target: datetime, patience: float) -> datetime:
        last: tuple[datetime | None, int] = (None, 0)
        with self._walking:
            # What was set off just before belongs to the time before: let it get to its waits.
            self._settle(True, patience)
            while not self._sleepers.stopped:
                self._prepare()
                due = self._next_due()
                last = (due, last[1] + 1 if due == last[0] else 0)
                if due is not None and last[1] > _STUCK:
                    raise RuntimeError(f"what is due at {due.isoformat()} stays due: see the log")
                step = target if due is None else min(due, target)
                self._shift_to(step)
                self._settle(self._run_due(), patience)
                following = self._next_due()
                if step >= target and (following is None or following > self.now()):
                    return self.now()
            raise ClockStopped

    def _prepare(self) -> None:
        for prepare in self._preparations:
            try:
                prepare()
            except Exception:
                _log.exception("an advance goes on without what failed before it")

    def _next_due(self) -> datetime | None:
        moments = [source.next_due() for source in self._sources]
        moments.append(self._sleepers.next_deadline())
        return min((moment for moment in moments if moment is not None), default=None)

    def _shift_to(self, moment: datetime) -> None:
        def move() -> None:
            missing = moment - self.now()
            if missing > timedelta():
                self._time.shift(missing)

        self._sleepers.jump(move)

    def _run_due(self) -> bool:
        """Run each source that is due, once; return whether anything may have come of it."""
        happened = self._sleepers.any_due()
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
        while quiet < 2 and time.monotonic() < until and not self._sleepers.stopped:
            self._sleepers.pause(_GRACE)
            quiet = 0 if self._busy() else quiet + 1
        if quiet < 2 and not self._sleepers.stopped:
            _log.warning("%s: going on, though work goes on after %g s", self.now(), patience)

    def _busy(self) -> bool:
        return self._sleepers.any_due() or any(busy() for busy in self._activities)

    def _tick(self) -> None:
        while not self._sleepers.stopped:
            self._sleepers.pause(_TICK)
            if self._walking.acquire(blocking=False):
                try:
                    self._run_due()
                finally:
                    self._walking.release()
