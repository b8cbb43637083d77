"""Threads that wait for the account's time to pass, and what wakes them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from emulator.clock import ClockStopped

_EVENT_POLL = 0.02
"""Real seconds after which a waiter sees that its event was set."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sleeper:
    deadline: datetime


class Sleepers:
    """Who sleeps until when, on a clock that may jump."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._asleep: set[_Sleeper] = set()
        self.stopped = False

    def __len__(self) -> int:
        return len(self._asleep)

    def block(self, seconds: float, event: threading.Event | None = None) -> bool:
        """Return ``False`` when ``seconds`` have passed, ``True`` as soon as ``event`` is set."""
        sleeper = _Sleeper(self._now() + timedelta(seconds=max(0.0, seconds)))
        longest = threading.TIMEOUT_MAX if event is None else _EVENT_POLL
        with self._changed:
            self._asleep.add(sleeper)
            try:
                while True:
                    if event is not None and event.is_set():
                        return True
                    if self.stopped:
                        raise ClockStopped
                    remaining = (sleeper.deadline - self._now()).total_seconds()
                    if remaining <= 0:
                        return False
                    self._changed.wait(min(remaining, longest))
            finally:
                self._asleep.discard(sleeper)

    def next_deadline(self) -> datetime | None:
        with self._changed:
            return min((sleeper.deadline for sleeper in self._asleep), default=None)

    def any_due(self) -> bool:
        """Return whether someone is to wake who has not yet."""
        deadline = self.next_deadline()
        return deadline is not None and deadline <= self._now()

    def jump(self, move: Callable[[], None]) -> None:
        """Move time while nobody looks at it, then have everybody look again."""
        with self._changed:
            move()
            self._changed.notify_all()

    def stop(self) -> None:
        """Wake everybody with :class:`ClockStopped`."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Let real time pass, up to ``seconds``; a jump or a stop ends it early."""
        with self._changed:
            if not self.stopped:
                self._changed.wait(seconds)
