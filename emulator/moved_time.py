"""The process's wall clock, moved: whatever asks Python for the time gets the account's.

``time-machine`` replaces ``time.time`` and its kin in C, so MiniStack, moto and botocore follow
without knowing; the monotonic clock, on which timeouts and the event loop run, stays real.
"""

import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine


class MovedTime:
    """A timekeeper that moves this whole process."""

    def __init__(self, start: datetime | None) -> None:
        moment = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self._traveller = time_machine.travel(moment, tick=True).start()
        self._traveller.time_ns()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def shift(self, by: timedelta) -> None:
        self._traveller.shift(by)


def real_time() -> float:
    """Return the machine's own time, for what must not jump (timeouts, idle times)."""
    return time_machine.escape_hatch.time.time()


class TimeModule(types.ModuleType):
    """A stand-in for the ``time`` module whose ``time()`` is a function of our choosing."""

    def __init__(self, original: types.ModuleType, time: Callable[[], float]) -> None:
        super().__init__("time")
        self._original = original
        self.time = time

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)
