"""The one clock of the embedded account, as everything in it sees time."""

import threading
from datetime import datetime
from typing import Protocol


class ClockStopped(Exception):
    """The account is shutting down: whoever waits for time to pass stops waiting."""


class Clock(Protocol):
    """Time that a test or the demo may advance; it also runs on by itself, second by second."""

    def now(self) -> datetime:
        """Return the account's time, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block this thread until ``seconds`` of the account's time have passed.

        Raises :class:`ClockStopped` when the account stops meanwhile.
        """
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Block until ``event`` is set (``True``) or ``seconds`` have passed (``False``)."""
        ...
