"""Keep the workers of a server alive: fork them, replace those that die or hang, let them drain."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from ml.serving.board import Board
from ml.serving.figures import BEAT, IN_FLIGHT, OPEN, READY, REPLACED

Work = Callable[[int], int]
"""What worker number n does until SIGTERM; its exit code."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    silent_seconds: float = 20
    """A worker that gives no sign for so long hangs, and is killed."""
    deaths: int = 5
    """So many within ``deaths_seconds`` end the server: what kills workers is not chance."""
    deaths_seconds: float = 60
    drain_seconds: float = 24
    """SageMaker's SIGKILL comes 30 seconds after its SIGTERM."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Has one thread as long as it lives: what such a process forks has its memory whole, with no
    lock that a thread held, so that workers may use the session it opened and verified."""

    board: Board
    work: Work
    patience: Patience = field(default_factory=Patience)
    _workers: dict[int, int] = field(default_factory=dict)
    """Number by process id."""
    _deaths: deque[float] = field(default_factory=deque)
    _cause: str = ""
    _ending: bool = False

    def run(self, listener: socket.socket) -> int:
        """Run until SIGTERM, which closes ``listener``; return the exit code of the server."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, _noted)
        for worker in range(self.board.workers):
            self._start(worker)
        while not self._ending and not self._cause:
            if select.select([reader], [], [], 0.5)[0]:
                os.read(reader, 4096)
            self._reap()
            self._kill_silent()
        listener.close()
        return self._drained(reader)

    def _end(self, *_: object) -> None:
        self._ending = True

    def _start(self, worker: int) -> None:
        row = self.board.row(worker)
        row[READY] = row[IN_FLIGHT] = row[OPEN] = 0
        row[BEAT] = monotonic()
        # A signal to a child that still has its parent's handlers would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        child = os.fork()
        if child == 0:
            self._be_worker(worker)
        self._workers[child] = worker
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _be_worker(self, worker: int) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = self.work(worker)
        except BaseException:  # whatever it is, it ends here and not in the parent's code
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _reap(self) -> None:
        for process, worker in list(self._workers.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                continue
            del self._workers[process]
            if not self._ending:
                self._replace(worker, _cause_of(status))

    def _replace(self, worker: int, cause: str) -> None:
        now, patience = monotonic(), self.patience
        self._deaths.append(now)
        while self._deaths[0] < now - patience.deaths_seconds:
            self._deaths.popleft()
        if len(self._deaths) >= patience.deaths:
            self._cause = (
                f"{len(self._deaths)} workers died within {patience.deaths_seconds:g} seconds, "
                f"the last one {cause}"
            )
            return
        _say(f"worker {worker} {cause}; it is replaced")
        self.board.row(worker)[REPLACED] += 1
        self._start(worker)

    def _kill_silent(self) -> None:
        now = monotonic()
        for process, worker in self._workers.items():
            if now - self.board.row(worker)[BEAT] > self.patience.silent_seconds:
                _say(f"worker {worker} gave no sign for {self.patience.silent_seconds:g} seconds")
                os.kill(process, signal.SIGKILL)

    def _drained(self, reader: int) -> int:
        """Let the workers answer what they have; return the exit code."""
        self._ending = True
        self._signal(signal.SIGTERM)
        deadline = monotonic() + self.patience.drain_seconds
        while self._workers and (left := deadline - monotonic()) > 0:
            if select.select([reader], [], [], min(left, 0.5))[0]:
                os.read(reader, 4096)
            self._reap()
        if self._workers:
            _say(f"{len(self._workers)} workers did not end and are killed")
            self._signal(signal.SIGKILL)
            return 1
        if self._cause:
            print(f"refused: {self._cause}", file=sys.stderr, flush=True)
            return 1
        return 0

    def _signal(self, number: signal.Signals) -> None:
        for process in self._workers:
            with suppress(ProcessLookupError):
                os.kill(process, number)


def _noted(*_: object) -> None:
    """The signal has done its work by waking the loop."""


def _cause_of(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name
    return f"was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def _say(text: str) -> None:
    print(f"serving: {text}", file=sys.stderr, flush=True)
