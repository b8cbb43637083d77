"""Figures that are a ratio of two sums: what each row, or each list of rows, adds to either."""

from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np

from quality.estimates import Estimate, Floats, error_of
from quality.units import Groups, by_group

LABEL_FROM = 0.5
"""A score from here on is a 1, as the server answers (ml/serving/limits.py)."""
ROOTED = frozenset({"rmse"})


def terms(metric: str, labels: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Return what each row adds to numerator and denominator of ``metric``.

    - *accuracy*, *f1*: of the label that the server answers, ``2 TP / (2 TP + FP + FN)``;
    - *log_loss*: scores are kept 1e-15 away from 0 and 1, as the evaluation does;
    - *brier*; *rmse* (the ratio is its square); *mae*;
    - *mape*: rows with a label of 0 have no share and do not count.

    >>> terms("mape", np.array([10.0, 0.0]), np.array([8.0, 3.0]))
    (array([0.2, 0. ]), array([1., 0.]))
    """
    ones = np.ones(len(labels))
    match metric:
        case "accuracy":
            return ((scores >= LABEL_FROM) == (labels == 1)).astype(np.float64), ones
        case "f1":
            said, true = scores >= LABEL_FROM, labels == 1
            return 2.0 * (said & true), said.astype(np.float64) + true
        case "log_loss":
            likely = np.where(labels == 1, scores, 1 - scores)
            return -np.log(np.clip(likely, 1e-15, 1)), ones
        case "brier" | "rmse":
            return (scores - labels) ** 2, ones
        case "mae":
            return np.abs(scores - labels), ones
        case "mape":
            counted = labels != 0
            share = np.zeros(len(labels))
            np.divide(np.abs(scores - labels), np.abs(labels), out=share, where=counted)
            return share, counted.astype(np.float64)
        case _:
            raise ValueError(f"no ratio of sums makes the metric {metric!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Both sums of one metric by group of units; two of them add up."""

    above: Floats
    below: Floats

    @classmethod
    def of(cls, above: Floats, below: Floats, groups: Groups) -> Self:
        return cls(
            above=by_group(above, groups),
            below=by_group(below, groups),
        )

    def __add__(self, other: "Ratio") -> "Ratio":
        return Ratio(above=self.above + other.above, below=self.below + other.below)

    def estimate(self, metric: str, rows: int) -> Estimate | None:
        """Return the ratio (of ``rmse`` its root); None where nothing counts."""
        whole = float(self.below.sum())
        if whole == 0:
            return None
        ratio = float(self.above.sum()) / whole
        error, units = error_of((self.above - ratio * self.below) / whole, self.below > 0)
        if metric not in ROOTED:
            return Estimate(
                metric=metric, value=ratio, error=error, rows=rows, weight=float(rows), units=units
            )
        root = sqrt(ratio)
        return Estimate(
            metric=metric,
            value=root,
            error=error / (2 * root) if root else 0.0,
            rows=rows,
            weight=float(rows),
            units=units,
        )
