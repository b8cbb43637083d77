"""A job's output on its way to CloudWatch Logs: each line an event, sent at most a second later.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

import logging
import os
import selectors
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

_DELAY = 1.0
_LONGEST = 200_000
"""Bytes of one event; CloudWatch Logs takes 256 KB."""
_log = logging.getLogger(__name__)


class LogStream:
    """Reads ``source`` to its end in a thread of its own."""

    def __init__(
        self,
        source: IO[bytes],
        *,
        file: Path,
        send: Callable[[Sequence[str]], None],
        see: Callable[[str], None],
    ) -> None:
        self._source = source
        self._file = file
        self._send = send
        self._see = see
        self._rest = b""
        self._lines: list[str] = []
        self._sent_at = time.monotonic()
        self._thread = threading.Thread(target=self._pump, name="job-log", daemon=True)
        self._thread.start()

    def close(self, *, patience: float = 5.0) -> None:
        """Return when all has been sent; give up on a stream that a stray process holds open."""
        self._thread.join(patience)
        if not self._thread.is_alive():
            self._source.close()

    def _pump(self) -> None:
        with self._file.open("wb") as kept, selectors.DefaultSelector() as selector:
            selector.register(self._source, selectors.EVENT_READ)
            while True:
                if selector.select(_DELAY):
                    chunk = os.read(self._source.fileno(), 1 << 16)
                    if not chunk:
                        break
                    kept.write(chunk)
                    kept.flush()
                    self._split(chunk)
                if self._lines and time.monotonic() - self._sent_at >= _DELAY:
                    self._flush()
            if self._rest:
                self._take(self._rest)
            self._flush()

    def _split(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        while len(self._rest) > _LONGEST:
            lines.append(self._rest[:_LONGEST])
            self._rest = self._rest[_LONGEST:]
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace").rstrip("\r")
        self._see(text)
        if text.strip():
            self._lines.append(text)

    def _flush(self) -> None:
        self._sent_at = time.monotonic()
        if not self._lines:
            return
        try:
            self._send(self._lines)
        except Exception:
            # A job does not fail because its log cannot be sent; the job's folder has it all.
            _log.exception("log events of %s were lost", self._file)
        self._lines = []
