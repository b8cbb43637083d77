"""A container's stand-in: one process group that ends when its first process does."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

_LOOK = 0.03
"""Real seconds between two looks at the process."""


class Cause(StrEnum):
    FINISHED = "finished"
    STOPPED = "stopped"
    MAX_RUNTIME = "max runtime"
    MAX_WAIT = "max wait"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    exit_code: int
    """As a container's: 128 and the signal's number for a process that was killed."""
    cause: Cause


class Child:
    """A started process with its output as one stream of bytes."""

    def __init__(
        self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
    ) -> None:
        # The module's name is looked up at each call: the account ties children to its own life.
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._born = time.monotonic()

    @property
    def output(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise RuntimeError("a child is always started with its output as a pipe")
        return self._process.stdout

    @property
    def seconds(self) -> float:
        """Real seconds since the start."""
        return time.monotonic() - self._born

    def wait(self, *, limit: float, stop: threading.Event, taken: threading.Event) -> Cause:
        """Return why waiting ended; the process runs on unless it finished."""
        while self._process.poll() is None:
            if stop.wait(_LOOK):
                return Cause.STOPPED
            if taken.is_set():
                return Cause.INTERRUPTED
            if self.seconds > limit:
                return Cause.MAX_RUNTIME
        return Cause.FINISHED

    def end(self, *, grace: float) -> int:
        """Ask the process to end, insist after ``grace`` seconds; return its exit code."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        # A container's end takes all that ran in it along.
        self._signal(signal.SIGKILL)
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def kill(self) -> None:
        """End it at once, as the machine's end would."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
