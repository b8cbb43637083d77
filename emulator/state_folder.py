"""The account's folder: everything it writes is below it, and one account at a time has it."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from emulator import processes

_PATIENCE = 5.0
"""Seconds for an account that is just ending, or just beginning, to get done with it."""


class FolderInUse(Exception):
    """Another account runs in this folder."""


@dataclass(slots=True, kw_only=True)
class StateFolder:
    """Where one account keeps its log, its images, and its temporary files."""

    root: Path
    _lock: IO[str] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        return self.root / "account.log"

    @property
    def record(self) -> Path:
        """What a running account says of itself: process id, port, start, clock."""
        return self.root / "account.json"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def images(self) -> Path:
        return self.root / "images"

    def take(self, *, fresh: bool) -> int:
        """Take the folder for this process; clear what a killed account left, return how much.

        The lock is the kernel's: it goes with its process, however that ends.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self.root = self.root.resolve()
        self._lock = self._locked()
        left = processes.sweep(self.root)
        self._clear(keep=set() if fresh else {"images", "account.log"})
        self.temporary.mkdir()
        return left

    def write_record(self, facts: Mapping[str, Any]) -> None:
        written = self.record.with_suffix(".new")
        written.write_text(json.dumps(facts, indent=2) + "\n")
        written.replace(self.record)

    def release(self) -> None:
        """Give the folder to whoever takes it next."""
        self.record.unlink(missing_ok=True)
        shutil.rmtree(self.temporary, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _locked(self) -> IO[str]:
        lock = (self.root / "lock").open("a")
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if self.record.exists() or time.monotonic() > until:
                    lock.close()
                    raise FolderInUse(self._who()) from None
                time.sleep(0.1)
            else:
                return lock

    def _clear(self, *, keep: set[str]) -> None:
        """Resources live as long as the account's process: what is left of them is stale."""
        for path in self.root.iterdir():
            if path.name in keep | {"lock"}:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        if self.log.exists():
            os.replace(self.log, self.root / "account.log.1")

    def _who(self) -> str:
        try:
            facts = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return "another account is just starting or ending in it"
        return f"process {facts['pid']} serves {facts['endpoint_url']} from it"
