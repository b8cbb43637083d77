"""How good the answers were, once their labels closed, month by month."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from pathlib import Path

from demo.clients import LOAD_PREFIX, Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthScore:
    snapshot: date
    live: float
    frozen: float
    versions: tuple[int, ...]
    rows: int


def auc(labels: Sequence[float], scores: Sequence[float]) -> float:
    """Return the chance that a positive scores above a negative, ties counting half.

    Mann and Whitney (1947), by mid-ranks. Both classes must be there.

    >>> auc([0, 1, 0, 1], [0.1, 0.8, 0.4, 0.4])
    0.875
    """
    positives = sum(label == 1 for label in labels)
    negatives = len(labels) - positives
    if positives == 0 or negatives == 0:
        raise ValueError(f"AUC needs both classes, got {positives} positive of {len(labels)}")
    order = sorted(range(len(scores)), key=scores.__getitem__)
    rank_sum = 0.0
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and scores[order[end]] == scores[order[start]]:
            end += 1
        middle = (start + 1 + end) / 2
        rank_sum += middle * sum(labels[index] == 1 for index in order[start:end])
        start = end
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def rmse(labels: Sequence[float], scores: Sequence[float]) -> float:
    """Return the root of the mean squared distance of score and label.

    >>> rmse([1.0, 2.0], [1.0, 4.0])
    1.4142135623730951
    """
    if not labels:
        raise ValueError("RMSE needs at least one label")
    squares = ((score - label) ** 2 for label, score in zip(labels, scores, strict=True))
    return sqrt(sum(squares) / len(labels))


_MEASURES: Mapping[str, Callable[[Sequence[float], Sequence[float]], float]] = {
    "auc": auc,
    "rmse": rmse,
}


def truth(path: Path) -> dict[str, float]:
    """Return the label of each entity."""
    with path.open(newline="") as file:
        return {row["entity"]: float(row["label"]) for row in csv.DictReader(file)}


def scored(answers: Iterable[Answer], snapshot: date) -> dict[str, float]:
    """Return each entity's live score in the requests about ``snapshot``; load is left out."""
    return {
        entity: score
        for answer in answers
        if answer.inference_id.startswith(f"{snapshot}-")
        for entity, score in zip(answer.entities, answer.scores, strict=False)
    }


def month_score(
    snapshot: date,
    answers: Sequence[Answer],
    labels: Mapping[str, float],
    frozen: Mapping[str, float],
    metric: str,
) -> MonthScore:
    live = scored(answers, snapshot)
    versions = dict.fromkeys(
        answer.version
        for answer in answers
        if answer.version is not None
        and answer.inference_id.startswith(f"{snapshot}-")
        and not answer.inference_id.startswith(LOAD_PREFIX)
    )
    return MonthScore(
        snapshot=snapshot,
        live=_measured(metric, live, labels),
        frozen=_measured(metric, frozen, labels),
        versions=tuple(versions),
        rows=len(live),
    )


def _measured(metric: str, scores: Mapping[str, float], labels: Mapping[str, float]) -> float:
    asked = [entity for entity in scores if entity in labels]
    return _MEASURES[metric]([labels[each] for each in asked], [scores[each] for each in asked])
