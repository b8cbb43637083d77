"""Answers, labels and windows that the tests of the room start from."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts import card as cards
from contracts.card_quality import Quality
from contracts.quality import Task
from quality.answers import Answer, AnswerFate, Label, Span
from quality.join import Fates, Joined
from quality.units import codes_of

START = datetime(1997, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SPAN = Span(start=START, end=START + DAY, label_window=60 * DAY, lateness=DAY)
CLOSED = SPAN.due(SPAN.end)
ROOT = Path(__file__).parents[3]
CHURN = ROOT / "ml" / "workloads" / "churn" / "card.toml"


def quality(**changes: Any) -> Quality:
    document = tomllib.loads(CHURN.read_text(encoding="utf-8"))
    return replace(cards.parse(document).quality, **{"min_fall": 0.0, **changes})


def answer(id: str, *scores: float, at: datetime = START, slices: int = 0) -> Answer:
    return Answer(
        inference_id=id,
        at=at,
        scores=scores,
        units=[f"{id} {row}" for row in range(len(scores))],
        slices=[slices] * len(scores),
    )


def label(id: str, *values: float | None, at: datetime = START + 60 * DAY) -> Label:
    return Label(inference_id=id, at=at, values=values)


def joined(
    labels: Sequence[float] | NDArray[Any],
    scores: Sequence[float] | NDArray[Any],
    units: Sequence[Any] | None = None,
    *,
    slices: NDArray[Any] | None = None,
    unlabelled: int = 0,
) -> Joined:
    rows = len(labels)
    names = range(rows) if units is None else units
    return Joined(
        labels=np.asarray(labels, dtype=np.float64),
        scores=np.asarray(scores, dtype=np.float64),
        units=codes_of([str(name) for name in names]),
        slices=np.zeros(rows, dtype=np.uint64) if slices is None else slices.astype(np.uint64),
        fates=Fates(
            answers=Counter({AnswerFate.LABELLED: rows, AnswerFate.UNLABELLED: unlabelled}),
            labels=Counter(),
            aside=(),
        ),
    )


BINARY = Task.BINARY_CLASSIFICATION
