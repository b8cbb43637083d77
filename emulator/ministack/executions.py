"""A run of an execution: how long it has been going, and that it is over."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from emulator.clock import Clock

Execution = dict[str, Any]


class Interrupted(Exception):
    """The execution ended (stopped, timed out) while this thread worked for it."""


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One run, from start or redrive to its end.

    TimeoutSeconds counts the account's time while the run waits (Wait, retry back-off) and real
    time while it works: a Lambda or a job runs in real seconds, and an advance of the clock by
    days must not time out what was merely busy.
    """

    execution: Execution
    clock: Clock
    timeout: float | None
    ended: threading.Event = field(default_factory=threading.Event)
    wakes: set[threading.Event] = field(default_factory=set[threading.Event])
    """Events that threads of this run wait for; its end sets them."""
    tokens: set[str] = field(default_factory=set[str])
    """Task tokens that are out; the run's end makes them void."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _real: float = field(default_factory=time.monotonic)
    _waiting: int = 0
    _resting: int = 0
    _credit: float = 0.0
    _since: tuple[float, float] = (0.0, 0.0)

    def end(self) -> None:
        self.ended.set()
        for event in list(self.wakes):
            event.set()

    def elapsed(self) -> float:
        """Return the seconds that count towards TimeoutSeconds."""
        with self._lock:
            return time.monotonic() - self._real + self._credit + self._open()

    def remaining(self) -> float | None:
        return None if self.timeout is None else max(0.0, self.timeout - self.elapsed())

    @property
    def waits(self) -> bool:
        """Whether some branch waits for the account's time to pass."""
        return self._waiting > 0

    @property
    def rests(self) -> bool:
        """Whether some branch waits for the account's time, or for another execution."""
        return self._waiting > 0 or self._resting > 0

    @contextmanager
    def resting(self) -> Generator[None]:
        """Wait for another execution: it works, this one does not."""
        with self._lock:
            self._resting += 1
        try:
            yield
        finally:
            with self._lock:
                self._resting -= 1

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Count the account's time instead of real time."""
        with self._lock:
            if self._waiting == 0:
                self._since = (self.clock.now().timestamp(), time.monotonic())
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                if self._waiting == 1:
                    self._credit += self._open()
                self._waiting -= 1

    def _open(self) -> float:
        """Return what the wait under way adds to real time."""
        if self._waiting == 0:
            return 0.0
        account, real = self._since
        return (self.clock.now().timestamp() - account) - (time.monotonic() - real)


CURRENT: ContextVar[Run | None] = ContextVar("execution_run", default=None)
"""The run that this thread works for; MiniStack copies contexts into branches and items."""

STATE: ContextVar[str | None] = ContextVar("state", default=None)
"""The Task state that this thread works for."""

CANCELLED: ContextVar[tuple[threading.Event, ...]] = ContextVar("cancelled", default=())
"""Any set: the task or branch that this thread works for was given up."""


def abandoned() -> bool:
    """Say whether nobody waits for this thread's work any more."""
    run = CURRENT.get()
    ended = run is not None and run.ended.is_set()
    return ended or any(event.is_set() for event in CANCELLED.get())


def check() -> None:
    """Raise :class:`Interrupted` where nobody waits for this thread's work."""
    if abandoned():
        raise Interrupted
