"""Wait states and back-off on the account's clock; a run that ends wakes them."""

import threading
from datetime import datetime

from ministack.services import stepfunctions as sfn

from emulator.clock import Clock
from emulator.ministack.executions import CURRENT, Interrupted, check

SEAMS = (
    "ministack.services.stepfunctions:_ExecutionError",
    "ministack.services.stepfunctions:_scaled_sleep",
    "ministack.services.stepfunctions:_sleep_until",
)

_FOR_EVER = 366 * 86400.0
"""Seconds: longer than an execution may take."""


class Waiting:
    """Wait states and back-off, on the account's clock; a run that ends wakes them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def sleep(self, seconds: float) -> None:
        run = CURRENT.get()
        if run is None:
            self._clock.sleep(seconds)
            return
        check()
        remaining = run.remaining()
        if remaining is not None and remaining <= seconds:
            with run.waiting():
                if self._clock.wait(run.ended, remaining):
                    raise Interrupted
            raise sfn._ExecutionError("States.Timeout", "")
        with run.waiting():
            if self._clock.wait(run.ended, seconds):
                raise Interrupted

    def until(self, stamp: str) -> None:
        moment = datetime.fromisoformat(stamp)
        self.sleep(max(0.0, (moment - self._clock.now()).total_seconds()))

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """Wait for ``event`` in the account's time, for ever where ``seconds`` is ``None``."""
        longest = _FOR_EVER if seconds is None else seconds
        run = CURRENT.get()
        if run is None:
            return self._clock.wait(event, longest)
        run.wakes.add(event)
        try:
            with run.waiting():
                told = self._clock.wait(event, longest)
        finally:
            run.wakes.discard(event)
        check()
        return told
