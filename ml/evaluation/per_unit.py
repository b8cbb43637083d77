"""What each unit of rows adds to a figure that is a mean, so that samples of units are cheap."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.metrics import Labels, Scores, losses
from ml.evaluation.ranking import by_user
from ml.evaluation.units import Rows, Units

_RANKINGS = ("ndcg", "recall")


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """One model's sums, unit by unit."""

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]
    rooted: bool

    def figure(self, times: Rows) -> float:
        """Return the figure of a sample that has each unit so many times; NaN of nothing."""
        # Not by BLAS: its threads cost more than the sum, and add in an order of their own.
        count = float((times * self.counts).sum())
        if not count:
            return nan
        mean = float((times * self.sums).sum()) / count
        return sqrt(mean) if self.rooted else mean


def totals(metric: str, labels: Labels, scores: Scores, units: Units) -> Totals:
    """Return the sums behind ``metric``: losses of rows, or figures of users who count."""
    if metric in _RANKINGS:
        values = by_user(units.of_row, labels, scores)[metric]
        counted = np.isfinite(values)
        return Totals(
            sums=np.where(counted, values, 0.0), counts=counted.astype(np.float64), rooted=False
        )
    each = losses(metric, labels, scores)
    return Totals(
        sums=np.bincount(units.of_row, weights=each, minlength=units.count).astype(np.float64),
        counts=np.bincount(units.of_row, minlength=units.count).astype(np.float64),
        rooted=metric == "rmse",
    )
