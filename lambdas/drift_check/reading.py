"""Count the captures of a time window into the baseline's bins, file by file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from drift.window import Window
from lambdas.drift_check.captures import Captures, RefusedLine
from lambdas.drift_check.record import Record, RecordUnreadable, Row, read_record

_KEPT_LINES = 100
_KEPT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which records count: those of one version whose time lies in [start, end)."""

    start: datetime
    end: datetime
    version: int

    def holds(self, record: Record) -> bool:
        return (
            self.start <= record.at < self.end
            and record.version in (None, str(self.version))
            and record.answered
            and not record.is_probe
        )


@dataclass(slots=True, kw_only=True)
class _File:
    refused: list[RefusedLine] = field(default_factory=list[RefusedLine])
    more: int = 0

    def refuse(self, number: int, reason: str, line: bytes) -> None:
        if len(self.refused) == _KEPT_LINES:
            self.more += 1
            return
        content = line[:_KEPT_CHARACTERS].decode("utf-8", "replace")
        self.refused.append(RefusedLine(number=number, reason=reason, content=content))


def count_captures(captures: Captures, span: Span, features: Sequence[str], window: Window) -> int:
    """Fill ``window``; return how many lines were refused and put into quarantine."""
    refused = 0
    for key in captures.files(span.start, span.end):
        file = _count_file(captures, key, span, features, window)
        if file.refused:
            captures.quarantine(key, file.refused, more=file.more)
            refused += len(file.refused) + file.more
    return refused


def _count_file(
    captures: Captures, key: str, span: Span, features: Sequence[str], window: Window
) -> _File:
    file = _File()
    for number, line in enumerate(captures.lines(key), start=1):
        if line is not None and not line.strip():
            continue
        try:
            for row in _rows(line, span, features):
                window.add(row)
        except RecordUnreadable as error:
            file.refuse(number, str(error), line or b"")
    return file


def _rows(line: bytes | None, span: Span, features: Sequence[str]) -> list[Row]:
    if line is None:
        raise RecordUnreadable("the line is longer than any capture can be")
    record = read_record(line)
    return record.rows(features) if span.holds(record) else []
