"""Capture beside the answers: gathered in bounded memory, uploaded by a thread, whole on drain."""

import random
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

from contracts.capture import BEFORE_ANSWERING, ContainerCapture
from ml.serving.destination import Destination
from ml.serving.exchange import Exchange, line_of

MAX_PENDING_BYTES = 64 * 1024 * 1024
"""Of one worker. What does not fit is dropped, counted and said: answers go first."""
MAX_FILE_BYTES = 16 * 1024 * 1024
"""So much is uploaded before its time."""
_PAUSE_SECONDS = 1.0


class Counts(Protocol):
    captured: Any
    """Answers in the bucket."""
    dropped: Any
    """Answers that were to be captured and never will be."""
    failures: Any
    """Uploads that failed and were, or will be, tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    name: str
    body: bytes
    exchanges: int
    size: int
    """What its exchanges count for in the memory that they may take."""


class Capture:
    """One worker's. ``add`` is for its event loop and only appends; all else is for threads."""

    def __init__(
        self,
        settings: ContainerCapture,
        destination: Destination,
        counts: Counts,
        *,
        sample: Callable[[], float] = random.random,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        self.counts = counts
        self._settings = settings
        self._destination = destination
        self._sample = sample
        self._pause = pause
        self._changed = threading.Condition()
        self._pending: list[Exchange] = []
        self._bytes = 0
        self._uploading = threading.Lock()
        self._began: tuple[float, datetime] | None = None
        """The steady clock's and the store's time when what is pending began to gather."""
        self._unsent: list[_File] = []
        self._said: int = counts.dropped
        self._deadline: float | None = None
        """Set when the end has begun."""
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    @property
    def before_answering(self) -> bool:
        """Whether each answer waits for ``flush``, after ``add``."""
        return self._settings.flush_seconds == BEFORE_ANSWERING

    def start(self) -> None:
        if not self.before_answering:
            self._thread.start()

    def add(self, exchange: Exchange) -> None:
        """Take ``exchange``, or leave it out by sampling, or drop it for want of memory."""
        if self._settings.percent < 100 and self._sample() * 100 >= self._settings.percent:
            return
        if self._bytes + exchange.size > MAX_PENDING_BYTES:
            self.counts.dropped += 1
            return
        with self._changed:
            self._bytes += exchange.size
            self._pending.append(exchange)
            if len(self._pending) == 1 or self._bytes > MAX_FILE_BYTES:
                self._changed.notify()

    def flush(self) -> bool:
        """Upload all there is; return whether all of it is there now.

        What fails keeps its name and is sent again, so that each exchange is in one object.
        """
        with self._uploading:
            try:
                self._encode()
                while self._unsent:
                    self._send(self._unsent[0])
            except Exception as failure:  # of the network, the store, or the right to write there
                self.counts.failures += 1
                _say(f"capture: upload failed, will be tried again: {failure}")
            self._say_drops()
            return not self._unsent and not self._pending

    def close(self, seconds: float) -> None:
        """Upload the rest, trying again for ``seconds``; what is left then is lost, and said."""
        with self._changed:
            self._deadline = monotonic() + seconds
            self._changed.notify()
        if self._thread.ident is None:
            self._thread.start()
        # It may hang in the network, and the process must end all the same.
        self._thread.join(seconds + self._pause)
        self.counts.dropped += len(self._pending) + sum(file.exchanges for file in self._unsent)
        self._say_drops()

    def _run(self) -> None:
        while True:
            self._wait(lambda: bool(self._pending or self._unsent), None)
            if self._deadline is None:
                self._look_at_clock()
                self._wait(lambda: self._bytes > MAX_FILE_BYTES, self._settings.flush_seconds)
            whole = self.flush()
            if self._deadline is not None and (whole or monotonic() > self._deadline):
                return
            if not whole:
                with self._changed:
                    self._changed.wait(self._pause)

    def _wait(self, until: Callable[[], bool], seconds: float | None) -> None:
        """Wait for ``until``, for ``seconds``, or for the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._deadline is not None or until(), seconds)

    def _look_at_clock(self) -> None:
        with self._uploading:
            try:
                self._began = (monotonic(), self._destination.time())
            except Exception as failure:
                self.counts.failures += 1
                _say(f"capture: the store's time cannot be read: {failure}")

    def _encode(self) -> None:
        if not self._pending:
            return
        began = self._began or (monotonic(), self._destination.time())
        with self._changed:
            taken, self._pending, self._began = self._pending, [], None
        self._unsent += _files(taken, *began)

    def _send(self, file: _File) -> None:
        self._destination.put(file.name, file.body)
        self._unsent.pop(0)
        self.counts.captured += file.exchanges
        with self._changed:
            self._bytes -= file.size

    def _say_drops(self) -> None:
        new = self.counts.dropped - self._said
        if new:
            self._said = self.counts.dropped
            _say(f"capture: {new} answers were not captured: {self._bytes} bytes wait for upload")


def _files(taken: Sequence[Exchange], began: float, at: datetime) -> Iterator[_File]:
    """Yield files of one hour and of limited size each."""
    lines: list[bytes] = []
    size, first = 0, at
    for exchange in taken:
        moment = at + timedelta(seconds=exchange.at - began)
        if lines and (_hour(moment) != _hour(first) or size > MAX_FILE_BYTES):
            yield _file(lines, first, size)
            lines, size = [], 0
        if not lines:
            first = moment
        lines.append(line_of(exchange, moment))
        size += exchange.size
    yield _file(lines, first, size)


def _hour(moment: datetime) -> str:
    return f"{moment:%Y/%m/%d/%H}"


def _file(lines: Sequence[bytes], first: datetime, size: int) -> _File:
    stamp = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}"
    return _File(
        name=f"{_hour(first)}/{stamp}.jsonl",
        body=b"".join(lines),
        exchanges=len(lines),
        size=size,
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
