"""What is kept of a window's joined rows: sums by group that merge, in bounded memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from contracts.card_quality import LIVE_OF_TASK, Quality
from contracts.quality import Task
from quality.estimates import Estimate, Floats
from quality.rankings import by_list
from quality.ranks import CAPACITY, Roc
from quality.ratios import Ratio, terms
from quality.units import Codes, groups_of

BOUNDED = frozenset({"auc", "brier", "accuracy", "f1", "ndcg", "recall", "hit_rate"})
"""Figures between 0 and 1."""
RANKINGS = ("ndcg", "recall", "hit_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows, and all metrics of the task, of some answers; tallies of different answers add up.

    A list of a ranking lies in one tally whole, and counts in it: of a unit that two windows have,
    each window's list is judged by itself.
    """

    rows: int
    ones: int
    """Of a classifier's labels."""
    ratios: Mapping[str, Ratio]
    roc: Roc | None

    @classmethod
    def of(
        cls,
        task: Task,
        quality: Quality,
        rows: tuple[Floats, Floats, Codes],
        *,
        capacity: int = CAPACITY,
    ) -> Self:
        """``rows`` are labels, scores and units, one of each a row."""
        labels, scores, units = rows
        groups = groups_of(units)
        ratios = {
            metric: Ratio.of(*terms(metric, labels, scores), groups)
            for metric in LIVE_OF_TASK[task]
            if metric != "auc" and metric not in RANKINGS
        }
        if task is Task.RECOMMENDATION:
            ratios |= _rankings(quality, labels, scores, units)
        binary = task is Task.BINARY_CLASSIFICATION
        return cls(
            rows=len(labels),
            ones=int((labels == 1).sum()) if binary else 0,
            ratios=ratios,
            roc=Roc.of(labels, scores, groups, capacity=capacity) if binary else None,
        )

    def __add__(self, other: "Tally") -> "Tally":
        if self.ratios.keys() != other.ratios.keys():
            raise ValueError(
                f"tallies of {sorted(self.ratios)} and {sorted(other.ratios)} do not add up"
            )
        roc = None
        if self.roc is not None and other.roc is not None:
            roc = self.roc + other.roc
        return Tally(
            rows=self.rows + other.rows,
            ones=self.ones + other.ones,
            ratios={name: ratio + other.ratios[name] for name, ratio in self.ratios.items()},
            roc=roc,
        )

    def estimate(self, metric: str) -> Estimate | None:
        """Return the figure; None where these rows say nothing of it."""
        if metric == "auc":
            return None if self.roc is None else self.roc.estimate()
        return self.ratios[metric].estimate(metric, self.rows)


def _rankings(quality: Quality, labels: Floats, scores: Floats, units: Codes) -> dict[str, Ratio]:
    lists, values = by_list(units, labels, scores, k=quality.shown, liked_from=quality.liked_from)
    groups, ratios = groups_of(lists), {}
    for name, each in values.items():
        counted = np.isfinite(each)
        ratios[name] = Ratio.of(np.where(counted, each, 0.0), counted.astype(np.float64), groups)
    return ratios
