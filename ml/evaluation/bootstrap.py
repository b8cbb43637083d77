"""The gain of one model over another on the same rows, with an interval."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.evaluation import Gain
from contracts.quality import HIGHER_IS_BETTER, improvement
from ml.evaluation.metrics import Labels, Scores, figure
from ml.evaluation.per_unit import Totals, totals
from ml.evaluation.units import Rows, Units
from ml.refusal import Refusal


class Unmeasurable(Refusal):
    """The rows are too few, or too alike, for a figure of every sample of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an interval is made."""

    samples: int
    confidence: float
    seed: tuple[int, ...]


def gain_of(
    metric: str,
    labels: Labels,
    candidate: Scores,
    champion: Scores,
    units: Units,
    plan: Plan,
) -> Gain:
    """Return by how much the candidate is better, with a paired bootstrap percentile interval.

    The same rows are drawn for both models: what the two have in common cancels. How they are drawn
    follows from what they are (ml.evaluation.units):

    - rows that stand alone are drawn one by one, for ``auc`` within each class;
    - rows of one user are drawn together, since a user's ratings are alike;
    - hours are drawn as whole days, and days in blocks of neighbours, since errors of one hour go
      on in the next (a moving-block bootstrap, in a circle: no day is rarer than another). Few
      blocks make an interval that is somewhat too narrow: prefer hold-outs of a month or more.

    Raises Unmeasurable when a sample has no figure: of one class, or without a user who counts.

    Sources: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; for
    clusters A. Davison, D. Hinkley, Bootstrap Methods and their Application (1997), section 3.8;
    for blocks H. Künsch, The jackknife and the bootstrap for general stationary observations,
    Annals of Statistics 17 (1989), in a circle as D. Politis, J. Romano, A circular
    block-resampling procedure for stationary data (1992).
    """
    if metric == "auc":
        better = _auc_gains(labels, (candidate, champion), units, plan)
    else:
        pair = [totals(metric, labels, scores, units) for scores in (candidate, champion)]
        better = _mean_gains(metric, pair, units, plan)
    if not np.isfinite(better).all():
        raise Unmeasurable(f"{metric} cannot be measured on every resample of {units.count} units")
    tail = (1 - plan.confidence) / 2
    low, high = np.quantile(better, [tail, 1 - tail])
    scores = [figure(metric, labels, each, units.of_row) for each in (candidate, champion)]
    return Gain(
        value=improvement(metric, scores[0], scores[1]),
        low=float(low),
        high=float(high),
        confidence=plan.confidence,
        samples=plan.samples,
    )


def _mean_gains(metric: str, pair: list[Totals], units: Units, plan: Plan) -> NDArray[np.float64]:
    """Sums of whole units add up: a sample is how often each unit was drawn."""
    new, old = pair
    figures = np.array([(new.figure(times), old.figure(times)) for times in _times(units, plan)])
    gains = figures[:, 0] - figures[:, 1]
    return gains if HIGHER_IS_BETTER[metric] else -gains


def _times(units: Units, plan: Plan) -> Iterator[Rows]:
    """Yield how often each unit was drawn, sample by sample."""
    draw, count, block = np.random.default_rng(plan.seed), units.count, units.block
    for _ in range(plan.samples):
        drawn = draw.integers(count, size=-(-count // block), dtype=np.int32)
        if block > 1:
            drawn = ((drawn[:, None] + np.arange(block)) % count).ravel()[:count]
        yield np.bincount(drawn, minlength=count)


def _auc_gains(
    labels: Labels, pair: tuple[Scores, Scores], units: Units, plan: Plan
) -> NDArray[np.float64]:
    """A sample costs two sums along the negatives, not a sort: the order does not change."""
    ones, zeros = np.flatnonzero(labels == 1), np.flatnonzero(labels != 1)
    new, old = (_Order(scores[ones], scores[zeros]) for scores in pair)
    draws = (
        _within_classes(len(ones), len(zeros), plan)
        if units.alone
        else _of_units(units.of_row[ones], units.of_row[zeros], units, plan)
    )
    gains = np.full(plan.samples, np.nan)
    for sample, (positives, negatives) in enumerate(draws):
        pairs = int(positives.sum()) * int(negatives.sum())
        if pairs:
            won = new.wins(positives, negatives) - old.wins(positives, negatives)
            gains[sample] = won / (2 * pairs)
    return gains


def _within_classes(ones: int, zeros: int, plan: Plan) -> Iterator[tuple[Rows, Rows]]:
    """Yield how often each row was drawn: of each class as many as there are."""
    draw = np.random.default_rng(plan.seed)
    for _ in range(plan.samples):
        drawn = [draw.integers(each, size=each, dtype=np.int32) for each in (ones, zeros)]
        yield np.bincount(drawn[0], minlength=ones), np.bincount(drawn[1], minlength=zeros)


def _of_units(ones: Rows, zeros: Rows, units: Units, plan: Plan) -> Iterator[tuple[Rows, Rows]]:
    """Yield how often each row was drawn: as often as its unit."""
    for times in _times(units, plan):
        yield times[ones], times[zeros]


class _Order:
    """How one model orders positives among negatives, ready to be counted per sample."""

    def __init__(self, positives: Scores, negatives: Scores) -> None:
        self._order = np.argsort(negatives, kind="stable")
        ordered = negatives[self._order]
        self._below = np.searchsorted(ordered, positives, side="left")
        self._not_above = np.searchsorted(ordered, positives, side="right")
        self._ties = bool((self._below != self._not_above).any())

    def wins(self, positives: Rows, negatives: Rows) -> int:
        """Return twice the drawn pairs that are ordered rightly; a tie counts once."""
        passed = np.zeros(len(negatives) + 1, dtype=np.intp)
        np.cumsum(negatives[self._order], out=passed[1:])
        below = passed[self._below]
        return int(positives @ (below + (passed[self._not_above] if self._ties else below)))
