"""Join answers and labels by inference id: every row and every label ends in exactly one place."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nsmallest
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from contracts import moment
from contracts.quality import Task
from quality.answers import SET_ASIDE, Answer, AnswerFate, Aside, Label, LabelFate, Span
from quality.units import Codes, codes_of, part_of

KEPT_ASIDE = 100
"""So many are named in a report; all are counted."""

Floats: TypeAlias = NDArray[np.float64]
_Given: TypeAlias = tuple[datetime, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """What became of everything that was read; those of different ids add up."""

    answers: Counter[AnswerFate]
    """Rows of answers; they add up to the rows that were read."""
    labels: Counter[LabelFate]
    """The same of labels' values."""
    aside: tuple[Aside, ...]
    """Some of the labels kept aside, the same ones whatever the order of reading."""

    def __add__(self, other: "Fates") -> "Fates":
        return Fates(
            answers=self.answers + other.answers,
            labels=self.labels + other.labels,
            aside=tuple(nsmallest(KEPT_ASIDE, self.aside + other.aside)),
        )

    @property
    def due(self) -> int:
        """Answers whose labels' time is over."""
        fates = (AnswerFate.LABELLED, AnswerFate.UNLABELLED, AnswerFate.CONTRADICTED)
        return sum(self.answers[fate] for fate in fates)

    @property
    def coverage(self) -> float | None:
        """Share of those whose label is known; None where there are none."""
        return self.answers[AnswerFate.LABELLED] / self.due if self.due else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Rows with their labels, in an order that does not depend on the order of reading."""

    labels: Floats
    scores: Floats
    units: Codes
    slices: NDArray[np.uint64]
    fates: Fates


@dataclass(slots=True)
class _Asked:
    """All answers of one id."""

    answer: Answer
    """The earliest."""
    rows: int = 0
    ambiguous: bool = False

    def add(self, answer: Answer) -> None:
        self.rows += len(answer.scores)
        if list(answer.scores) != list(self.answer.scores):
            self.ambiguous = True
        if answer.at < self.answer.at:
            self.answer = answer


@dataclass(slots=True)
class _Outcome:
    """What one pass over the ids gathers."""

    labels: list[float] = field(default_factory=list[float])
    scores: list[float] = field(default_factory=list[float])
    units: list[str] = field(default_factory=list[str])
    slices: list[int] = field(default_factory=list[int])
    answers: Counter[AnswerFate] = field(default_factory=Counter[AnswerFate])
    given: Counter[LabelFate] = field(default_factory=Counter[LabelFate])
    aside: list[Aside] = field(default_factory=list[Aside])

    def put(self, id: str, row: int, given: Sequence[_Given], fate: LabelFate) -> None:
        self.given[fate] += len(given)
        if fate in SET_ASIDE:
            self.aside += [
                Aside(inference_id=id, row=row, at=moment.render(at), value=str(value), fate=fate)
                for at, value in given
            ]
            if len(self.aside) > 100 * KEPT_ASIDE:
                self.aside = nsmallest(KEPT_ASIDE, self.aside)


class Join:
    """Takes answers and labels in any order; what comes of them depends on their times alone.

    The rules, each by the times that answers and labels bear, so that a check which is done again
    says the same:

    - an answer read twice counts once; one whose id has two different answers counts for none;
    - labels of the same value count once; of different values, none counts: which is true is not
      for a monitor to guess;
    - a label later than its answer's label window and lateness is set aside, since the window that
      it belongs to has been judged without it;
    - an answer whose time is not over is judged later, though its label may be here: what comes
      early is not like the rest (a customer who buys again does so before the 60 days are over,
      one who leaves never does).

    Labels come by inference id, as AWS has it for model monitoring, one value for each row:
    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html

    Memory holds one window's answers and labels; ``part`` of ``parts`` takes a share of the ids
    and ignores the others, so that any window fits, one part after the other or side by side.
    """

    def __init__(self, span: Span, task: Task, *, part: int = 0, parts: int = 1) -> None:
        if not 0 <= part < parts:
            raise ValueError(f"part must be 0 to parts - 1 ({parts - 1}), got {part}")
        self._span, self._task = span, task
        self._part, self._parts = part, parts
        self._asked: dict[str, _Asked] = {}
        self._given: defaultdict[str, list[Label]] = defaultdict(list[Label])

    def answer(self, answer: Answer) -> None:
        rows = len(answer.scores)
        if not rows == len(answer.units) == len(answer.slices):
            raise ValueError(
                f"answer {answer.inference_id!r} has {rows} scores, {len(answer.units)} units "
                f"and {len(answer.slices)} slices"
            )
        if not self._takes(answer.inference_id):
            return
        found = self._asked.get(answer.inference_id)
        if found is None:
            found = self._asked[answer.inference_id] = _Asked(answer)
        found.add(answer)

    def label(self, label: Label) -> None:
        if self._takes(label.inference_id):
            self._given[label.inference_id].append(label)

    def asks(self, inference_id: str) -> bool:
        """Whether an answer of this id was read: whoever has read all may leave other labels."""
        return inference_id in self._asked

    def result(self, as_of: datetime) -> Joined:
        """Return what is known by ``as_of``."""
        out = _Outcome()
        for id in sorted(self._asked):
            self._settle(id, self._asked[id], self._given.get(id, []), as_of, out)
        for id in sorted(self._given.keys() - self._asked.keys()):
            _all(id, self._given[id], LabelFate.UNKNOWN, out)
        return Joined(
            labels=np.array(out.labels, dtype=np.float64),
            scores=np.array(out.scores, dtype=np.float64),
            units=codes_of(out.units),
            slices=np.array(out.slices, dtype=np.uint64),
            fates=Fates(
                answers=out.answers,
                labels=out.given,
                aside=tuple(nsmallest(KEPT_ASIDE, out.aside)),
            ),
        )

    def _takes(self, id: str) -> bool:
        return self._parts == 1 or part_of(id, self._parts) == self._part

    def _settle(
        self, id: str, asked: _Asked, given: list[Label], as_of: datetime, out: _Outcome
    ) -> None:
        answer = asked.answer
        rows = len(answer.scores)
        if asked.ambiguous:
            out.answers[AnswerFate.AMBIGUOUS] += asked.rows
            return _all(id, given, LabelFate.AMBIGUOUS, out)
        out.answers[AnswerFate.REPEATED] += asked.rows - rows
        if not self._span.holds(answer.at):
            out.answers[AnswerFate.ELSEWHERE] += rows
            return _all(id, given, LabelFate.ELSEWHERE, out)
        if as_of < self._span.due(answer.at):
            out.answers[AnswerFate.OPEN] += rows
            return _all(id, given, LabelFate.EARLY, out)
        _all(id, [label for label in given if len(label.values) != rows], LabelFate.MISSHAPEN, out)
        fitting = [label for label in given if len(label.values) == rows]
        for row in range(rows):
            self._row(answer, row, [(label.at, label.values[row]) for label in fitting], out)
        return None

    def _row(self, answer: Answer, row: int, given: Iterable[_Given], out: _Outcome) -> None:
        due, id = self._span.due(answer.at), answer.inference_id
        known = [one for one in given if one[1] is not None]
        good = [one for one in known if self._valid(one[1])]
        in_time = [one for one in good if one[0] <= due]
        out.put(id, row, [one for one in known if not self._valid(one[1])], LabelFate.INVALID)
        out.put(id, row, [one for one in good if one[0] > due], LabelFate.LATE)
        values = {value for _, value in in_time if value is not None}
        if len(values) > 1:
            out.answers[AnswerFate.CONTRADICTED] += 1
            return out.put(id, row, in_time, LabelFate.CONTRADICTORY)
        if not values:
            out.answers[AnswerFate.UNLABELLED] += 1
            return None
        out.answers[AnswerFate.LABELLED] += 1
        out.given[LabelFate.USED] += 1
        out.given[LabelFate.REPEATED] += len(in_time) - 1
        out.labels.append(values.pop())
        out.scores.append(answer.scores[row])
        out.units.append(answer.units[row])
        out.slices.append(answer.slices[row])
        return None

    def _valid(self, value: float | None) -> bool:
        if value is None or not isfinite(value):
            return False
        return value in (0, 1) if self._task is Task.BINARY_CLASSIFICATION else True


def _all(id: str, labels: Iterable[Label], fate: LabelFate, out: _Outcome) -> None:
    for row, given in _cells(labels):
        out.put(id, row, [given], fate)


def _cells(labels: Iterable[Label]) -> Iterator[tuple[int, _Given]]:
    for label in labels:
        for row, value in enumerate(label.values):
            if value is not None:
                yield row, (label.at, value)
