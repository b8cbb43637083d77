"""Clients in a process of their own that ask an endpoint without pause, each failure final.

They are the AWS SDK with its retries off: what one of them is told, a caller was told.
"""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from emulator.client import PROJECT, RunningAccount

_PATIENCE = 30.0
_RUNS = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one request was told."""

    id: str
    """Its InferenceId, which no other request has."""
    began: float
    took: float
    version: str = ""
    """As the answer's body names it; empty when it failed."""
    header: str = ""
    """As the answer's header names it (``model_version=3``)."""
    error: str = ""
    original: str = ""
    """What the container said, of a failure that it caused."""


@dataclass(slots=True, kw_only=True)
class Callers:
    """The answers so far; they grow while the clients ask."""

    process: "subprocess.Popen[str]"
    answers: list[Answer] = field(default_factory=list[Answer])
    per_step: int = 12
    """Time passes no faster than this many answers for each of its steps."""
    _came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def failed(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.error]

    @property
    def versions(self) -> Counter[int]:
        return Counter(int(answer.version) for answer in self.answers if not answer.error)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer = Answer(**json.loads(line))
            with self._came:
                self.answers.append(answer)
                self._came.notify_all()

    def keep_up(self) -> None:
        """Return when a step's worth of requests was answered since the call."""
        self.wait_for(self.per_step)

    def wait_for(self, count: int) -> None:
        with self._came:
            until = len(self.answers) + count
            enough = self._came.wait_for(lambda: len(self.answers) >= until, _PATIENCE)
        assert enough, f"the clients had {count} answers to come, and waited {_PATIENCE:g} s"


@contextmanager
def callers(
    account: RunningAccount,
    endpoint: str,
    rows: Sequence[bytes],
    *,
    clients: int = 4,
    processes: int = 1,
    pause: float = 0.02,
    per_step: int = 12,
    meanwhile: Callable[[Callable[[], object]], object] = lambda _: None,
) -> Generator[Callers]:
    """Ask with each of ``rows`` in turn while the context is open.

    ``meanwhile`` is handed what must be called between two steps of the account's clock.
    """
    asked: dict[str, Any] = {
        "url": account.endpoint_url,
        "region": account.region,
        "endpoint": endpoint,
        "rows": [row.decode() for row in rows],
        "clients": clients,
        "processes": processes,
        "pause": pause,
        "run": f"{os.getpid()}-{next(_RUNS)}",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.system.promotion.calling"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    found = Callers(process=process, per_step=per_step)
    listener = threading.Thread(target=found.listen, daemon=True)
    listener.start()
    meanwhile(found.keep_up)
    try:
        found.wait_for(clients)
        yield found
    finally:
        meanwhile(lambda: None)
        process.stdin.close()
        process.wait(60)
        listener.join()
        if process.stdout is not None:
            process.stdout.close()


def percentile(answers: Sequence[Answer], share: float) -> float:
    """Seconds within which that share of the answers came."""
    times = sorted(answer.took for answer in answers)
    return times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


def since(answers: Sequence[Answer], moment: float) -> list[Answer]:
    return [answer for answer in answers if answer.began >= moment]


def now() -> float:
    """The clock of ``Answer.began``, the same for all processes of this machine."""
    return time.monotonic()
