"""Read a window's captures and the labels that came since into one join for each version."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.card import ModelCard, QualitySlice
from lambdas.adapters.capture_record import Record, RecordUnreadable, read_record
from lambdas.adapters.captures import Captures
from lambdas.quality_check.scores import AnswerUnreadable, scores_of
from lambdas.quality_check.truth import LabelUnreadable, Truth, read_label
from quality.answers import Answer, Span
from quality.join import Join
from quality.slices import mask_of


@dataclass(slots=True)
class Read:
    """The joins by version, and what belongs to none."""

    joins: dict[int, Join] = field(default_factory=dict[int, Join])
    refused_records: int = 0
    refused_labels: int = 0
    other_labels: int = 0


def read_window(
    captures: Captures,
    truth: Truth,
    card: ModelCard,
    slices: Sequence[QualitySlice],
    span: Span,
    as_of: datetime,
) -> Read:
    """Answers come first, so that of all the labels only theirs are kept in memory."""
    read = Read()
    for line in _captured(captures, span):
        _add_answer(line, card, slices, span, read)
    for at, line in truth.lines(span.start, as_of):
        _add_label(at, line, read)
    return read


def _captured(captures: Captures, span: Span) -> Iterator[bytes | None]:
    for source in captures.files(span.start, span.end):
        for line in captures.lines(source.key):
            if line is None or line.strip():
                yield line


def _add_answer(
    line: bytes | None,
    card: ModelCard,
    slices: Sequence[QualitySlice],
    span: Span,
    read: Read,
) -> None:
    try:
        record = read_record(line or b"")
        if not span.holds(record.at) or not record.answered or record.is_probe:
            return
        version = _version(record)
        answer = answer_of(record, card, slices)
    except (RecordUnreadable, AnswerUnreadable):
        # The drift check puts such lines aside; here it is enough to know that they are few.
        read.refused_records += 1
        return
    join = read.joins.setdefault(version, Join(span, card.task))
    join.answer(answer)


def answer_of(record: Record, card: ModelCard, slices: Sequence[QualitySlice]) -> Answer:
    """Return a record's scores, with whom each row is about and which slices it lies in."""
    id = record.inference_id or record.event_id
    if id is None:
        raise RecordUnreadable("the record has neither an inference id nor an event id")
    scores, unit = scores_of(record.answer_type, record.answer), card.quality.unit
    if unit is None and not slices:
        rows: list[dict[str, float | None]] = [{} for _ in scores]
    else:
        names = [feature.name for feature in card.features]
        rows = [dict(zip(names, row, strict=True)) for row in record.rows(names)]
    if len(rows) != len(scores):
        raise RecordUnreadable(f"{len(rows)} rows were asked about, {len(scores)} were answered")
    return Answer(
        inference_id=id,
        at=record.at,
        scores=scores,
        units=[id if unit is None else f"{row[unit]}" for row in rows],
        slices=[mask_of(row, slices) for row in rows],
    )


def _version(record: Record) -> int:
    if record.version is None or not record.version.isdecimal():
        raise RecordUnreadable(f"the answer must name the version it is of, got {record.version!r}")
    return int(record.version)


def _add_label(at: datetime, line: bytes | None, read: Read) -> None:
    try:
        label = read_label(line, at)
    except LabelUnreadable:
        read.refused_labels += 1
        return
    asking = [join for join in read.joins.values() if join.asks(label.inference_id)]
    for join in asking:
        join.label(label)
    if not asking:
        read.other_labels += sum(value is not None for value in label.values)
