"""Child processes of the account: none outlives it, however it ends.

Each child dies with the account by Linux's parent-death signal and carries a variable that
names the account's folder. What a child started itself is found by that variable, so a sweep
ends exactly the processes of this account, never a stranger that was given an old number.
"""

import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

MARK = "EMBEDDED_ACCOUNT"
"""The variable by which a process says whose it is: the account's state folder."""
_PR_SET_PDEATHSIG = 1
_LINUX = sys.platform == "linux"

_starts: "queue.SimpleQueue[tuple[Future[None], Callable[[], None]]]" = queue.SimpleQueue()


def _start_forever() -> None:
    while True:
        done, start = _starts.get()
        try:
            start()
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)


def tie_children_to(state_dir: Path) -> None:
    """From now on, every ``subprocess`` child of this process is marked and dies with it.

    The parent-death signal follows the *thread* that forked (``man 2 prctl``), and request
    threads come and go; so one thread that lasts as long as the process starts all children.
    """
    mark = str(state_dir.resolve())
    os.environ[MARK] = mark
    starter = threading.Thread(target=_start_forever, name="child-starter", daemon=True)
    starter.start()
    account = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl if _LINUX else None

    def bind_life(also: Callable[[], Any] | None) -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != account:
                os._exit(1)
        if also is not None:
            also()

    class AccountPopen(subprocess.Popen[Any]):
        def __init__(self, *args: Any, **options: Any) -> None:
            if options.get("env") is not None:
                options["env"] = {**options["env"], MARK: mark}
            also = options.get("preexec_fn")
            options["preexec_fn"] = lambda: bind_life(also)
            started: Future[None] = Future()
            make = super().__init__
            _starts.put((started, lambda: make(*args, **options)))
            started.result()

    subprocess.Popen = AccountPopen


def marked(state_dir: Path) -> Iterator[int]:
    """Yield the processes (but this one) that say they belong to the account in ``state_dir``."""
    entry = f"{MARK}={state_dir.resolve()}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if pid == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if entry in environment:
            yield pid


def sweep(state_dir: Path, *, patience: float = 1.0) -> int:
    """Kill every process of the account in ``state_dir``; return how many there were."""
    ended: set[int] = set()
    until = time.monotonic() + patience
    while True:
        left = [pid for pid in marked(state_dir) if not _is_zombie(pid)]
        if not left or time.monotonic() > until:
            return len(ended)
        for pid in left:
            _kill(pid)
            ended.add(pid)
        time.sleep(0.01)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _is_zombie(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"
