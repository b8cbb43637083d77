"""How good the answers were, once their labels closed: AUC by ranks, month by month."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo.clients import LOAD_PREFIX, Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthScore:
    snapshot: date
    live: float
    frozen: float
    versions: tuple[int, ...]
    rows: int


def auc(labels: Sequence[int], scores: Sequence[float]) -> float:
    """Return the chance that a positive scores above a negative, ties counting half.

    Mann and Whitney (1947), by mid-ranks. Both classes must be there.

    >>> auc([0, 1, 0, 1], [0.1, 0.8, 0.4, 0.4])
    0.875
    """
    positives = sum(labels)
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
        rank_sum += middle * sum(labels[index] for index in order[start:end])
        start = end
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def truth(path: Path) -> dict[str, int]:
    """Return the label of each customer."""
    with path.open(newline="") as file:
        return {row["customer_id"]: int(row["churned"]) for row in csv.DictReader(file)}


def scored(answers: Iterable[Answer], snapshot: date) -> dict[str, float]:
    """Return each customer's live score in the requests about ``snapshot``; load is left out."""
    return {
        customer: score
        for answer in answers
        if answer.inference_id.startswith(f"{snapshot}-")
        for customer, score in zip(answer.customers, answer.scores, strict=False)
    }


def month_score(
    snapshot: date,
    answers: Sequence[Answer],
    labels: Mapping[str, int],
    frozen: Mapping[str, float],
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
        live=_auc_of(live, labels),
        frozen=_auc_of(frozen, labels),
        versions=tuple(versions),
        rows=len(live),
    )


def _auc_of(scores: Mapping[str, float], labels: Mapping[str, int]) -> float:
    asked = [customer for customer in scores if customer in labels]
    return auc([labels[each] for each in asked], [scores[each] for each in asked])
