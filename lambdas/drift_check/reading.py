"""Count the captures of a time window into the baseline's bins, file by file."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from drift.window import Window
from lambdas.adapters.capture_record import Record, RecordUnreadable, read_record
from lambdas.adapters.captures import CaptureFile, Captures, RefusedLine
from lambdas.drift_check.span import Span

_KEPT_LINES = 100
_KEPT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What lay in the captures of a window, beside the rows that went into its bins."""

    refused: int
    """Lines that were put into quarantine."""
    captured: int
    """Requests answered since the check before: anybody's, by any version, readable or not."""


@dataclass(slots=True, kw_only=True)
class _File:
    refused: list[RefusedLine] = field(default_factory=list[RefusedLine])
    more: int = 0
    captured: int = 0

    def refuse(self, number: int, reason: str, line: bytes) -> None:
        if len(self.refused) == _KEPT_LINES:
            self.more += 1
            return
        content = line[:_KEPT_CHARACTERS].decode("utf-8", "replace")
        self.refused.append(RefusedLine(number=number, reason=reason, content=content))


def count_captures(
    captures: Captures, span: Span, features: Sequence[str], window: Window, *, lately: Span
) -> Counted:
    """Fill ``window``; lines that cannot be read are put into quarantine.

    ``lately`` is the part of ``span`` that no check has looked at before.
    """
    refused = captured = 0
    for source in captures.files(span.start, span.end):
        file = _count_file(captures, source, span, features, window, lately)
        captured += file.captured
        if file.refused:
            captures.quarantine(source.key, file.refused, more=file.more, window_start=span.start)
            refused += len(file.refused) + file.more
    return Counted(refused=refused, captured=captured)


def _count_file(
    captures: Captures,
    source: CaptureFile,
    span: Span,
    features: Sequence[str],
    window: Window,
    lately: Span,
) -> _File:
    file = _File()
    for number, line in enumerate(captures.lines(source.key), start=1):
        if line is not None and not line.strip():
            continue
        try:
            record = _record(line)
        except RecordUnreadable as error:
            if span.ends_hour(source.hour):
                file.refuse(number, str(error), line or b"")
            file.captured += lately.ends_hour(source.hour)
            continue
        file.captured += lately.answered_within(record)
        if span.holds(record):
            _count_record(record, number, line or b"", features, window, file)
    return file


def _record(line: bytes | None) -> Record:
    if line is None:
        raise RecordUnreadable("the line is longer than any capture can be")
    return read_record(line)


def _count_record(
    record: Record,
    number: int,
    line: bytes,
    features: Sequence[str],
    window: Window,
    file: _File,
) -> None:
    """Count all of a record's rows, or none where one of them is not the model's."""
    try:
        rows = record.rows(features)
    except RecordUnreadable as error:
        file.refuse(number, str(error), line)
        return
    for row in rows:
        window.add(row)
