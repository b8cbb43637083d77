"""What a container prints, on its way to CloudWatch Logs."""

import logging
import threading
from typing import IO

from emulator.ports import Account

_log = logging.getLogger("emulator.endpoints")
_KEPT = 10_000


class LogStream:
    """Collects the lines of one instance; ``flush`` sends them."""

    def __init__(self, account: Account, *, group: str, stream: str) -> None:
        self._account = account
        self._group = group
        self._stream = stream
        self._lines: list[str] = []
        self._lock = threading.Lock()
        self._readers: list[threading.Thread] = []

    def follow(self, output: IO[bytes]) -> None:
        """Read ``output`` to its end in a thread of its own."""
        name = f"logs-{self._stream}"
        reader = threading.Thread(target=self._read, args=(output,), name=name, daemon=True)
        self._readers.append(reader)
        reader.start()

    def finish(self, patience: float = 2.0) -> None:
        """Return when all that ended processes printed was sent."""
        for reader in self._readers:
            reader.join(patience)
        self.flush()

    def say(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)
            del self._lines[:-_KEPT]

    def flush(self) -> None:
        with self._lock:
            taken, self._lines = self._lines, []
        if not taken:
            return
        try:
            self._account.write_log(group=self._group, stream=self._stream, messages=taken)
        except Exception:
            _log.exception("could not write %d lines to %s", len(taken), self._group)
            with self._lock:
                self._lines = [*taken, *self._lines][-_KEPT:]

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self.say(line.decode(errors="replace").rstrip("\n"))
        self.flush()
