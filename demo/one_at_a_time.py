"""One demo at a time in a checkout: the kernel's lock ends with its process, however it ends."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from demo import places
from demo.failure import DemoFailed


@contextmanager
def one_at_a_time() -> Generator[None]:
    places.DEMO.mkdir(parents=True, exist_ok=True)
    with (places.DEMO / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise DemoFailed(
                f"another demo is running in this checkout: process {lock.read().strip()}",
                next_step="wait until it has ended, or stop it with Ctrl-C where it runs",
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
