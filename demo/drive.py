"""Let the account's time pass while what it sets off is watched."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from demo.batches import Batch
from demo.clients import Clients
from demo.failure import DemoFailed
from demo.runs import Runs
from demo.witness import Witness
from emulator.client import RunningAccount

STEP = 60.0
"""Seconds of the account per advance while a run is in flight."""
PATIENCE = 120.0
"""Real seconds that the clock waits, at most, for what it set off before it goes on."""
_PAUSE = 0.6
"""Real seconds between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """The clock's walk waits for Lambdas, jobs and executions; Wait states and bakes it skips."""

    account: RunningAccount
    runs: Runs
    witness: Witness
    clients: Clients

    def pass_until(self, moment: datetime, load: Sequence[Batch]) -> None:
        """Let time pass until ``moment`` and until no run is in flight.

        While a promotion is under way all clients keep asking for ``load``. A run takes time of
        the account too, so that the moment may have passed already.
        """
        if self.account.now() < moment:
            self._watching(lambda: self.account.advance_to(moment, patience=PATIENCE), load)
        self.finish_runs(load)

    def finish_runs(self, load: Sequence[Batch]) -> None:
        """Return when no run and no promotion is in flight; one that failed stops the demo."""
        until = time.monotonic() + 3 * PATIENCE
        while self.runs.active():
            if time.monotonic() > until:
                raise self._stuck(f"a run is in flight after {3 * PATIENCE:g} real seconds")
            self._watching(lambda: self.account.advance(STEP, patience=PATIENCE), load)
        self.witness.look()
        for name, cause in self.runs.failures().items():
            raise self._stuck(f"execution {name} failed: {cause}")

    def await_admission(self, answers: int) -> None:
        """Return when admission has answered new data ``answers`` times in all.

        Each file that lands is a cause of its own, so that it has a line of its own in the
        ledger, whether it started a run or was refused one.
        """
        until = time.monotonic() + PATIENCE / 2
        while self.witness.answers_to_new_data < answers:
            if time.monotonic() > until:
                raise self._stuck(
                    f"admission answered {self.witness.answers_to_new_data} of {answers} files "
                    "that landed"
                )
            time.sleep(_PAUSE)
            self.witness.look()

    def _watching(self, advance: Callable[[], object], load: Sequence[Batch]) -> None:
        errors: list[BaseException] = []

        def walk() -> None:
            try:
                advance()
            except BaseException as error:
                errors.append(error)

        walking = threading.Thread(target=walk, daemon=True)
        walking.start()
        with ExitStack() as asking:
            while walking.is_alive():
                self.clients.promoting = self.runs.promoting()
                if not self.clients.promoting:
                    asking.close()
                elif load and self.witness.promoted and not self.clients.loading:
                    asking.enter_context(self.clients.load(load))
                self.witness.look()
                walking.join(_PAUSE)
        self.clients.promoting = False
        for error in errors:
            raise error

    def _stuck(self, message: str) -> DemoFailed:
        return DemoFailed(
            message,
            evidence="\n".join(self.witness.recent()),
            next_step="look into it with --keep (perennial status, perennial ledger); "
            f"the account's log is {self.account.state / 'account.log'}",
        )
