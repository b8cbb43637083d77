"""Estimate a classifier's accuracy, F1 and AUC on a window before its labels are known.

Confidence-based performance estimation (CBPE; NannyML's documentation, "How it works: performance
estimation"): where scores are calibrated, they say how often predictions are right. It sees what
changes in the inputs do to performance; it cannot see that the same inputs now mean something else
(concept drift): that takes labels.
"""

from dataclasses import dataclass

import numpy as np

from drift.judging.cells import Floats

_PRIOR = 0.5
"""Jeffreys' prior of a share: a bin without labelled rows is uncertain, not impossible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBins:
    """Labelled rows that training held out, counted by score, lowest scores first.

    ``first_positive`` is the first bin whose rows are predicted positive: the decision threshold
    must be one of the cuts. Twenty bins or more keep AUC's ties small.
    """

    positives: tuple[float, ...]
    negatives: tuple[float, ...]
    first_positive: int

    def __post_init__(self) -> None:
        if len(self.positives) != len(self.negatives) or not self.positives:
            raise ValueError(
                f"positives and negatives need the same bins, got {len(self.positives)} and "
                f"{len(self.negatives)}"
            )
        if not 0 <= self.first_positive <= len(self.positives):
            raise ValueError(
                f"first_positive must be 0 to {len(self.positives)}, got {self.first_positive}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    rows: int
    accuracy: Estimate
    f1: Estimate | None
    """None where neither positives nor positive predictions are to be expected."""
    auc: Estimate | None
    """None where only one class is to be expected."""


def estimate(
    bins: ScoreBins, counts: Floats, *, level: float = 0.95, draws: int = 4_000, seed: int = 0
) -> Performance | None:
    """Estimate what labels will say about a window whose scores fall into ``counts``.

    The interval is where the window's own figures will lie with probability ``level``, as long as
    scores mean what they meant: it holds both what is not known about calibration (each bin's
    share of positives, from its labelled rows) and the chance in the window's labels.

    Returns None for a window without rows.

    >>> bins = ScoreBins(positives=(100, 900), negatives=(900, 100), first_positive=1)
    >>> round(estimate(bins, np.array([500, 500])).accuracy.value, 2)
    0.9
    """
    whole = np.rint(np.asarray(counts, dtype=np.float64)).astype(np.int64)
    if len(whole) != len(bins.positives) or (whole < 0).any():
        raise ValueError(f"the window needs {len(bins.positives)} counts of 0 or more")
    if not whole.sum():
        return None
    generator = np.random.default_rng(seed)
    positives, negatives = (
        np.asarray(one, dtype=np.float64) + _PRIOR for one in (bins.positives, bins.negatives)
    )
    rate = generator.beta(positives, negatives, size=(draws, len(whole)))
    labels = generator.binomial(whole, rate).astype(np.float64)
    rest = whole - labels
    first = bins.first_positive
    hits, false = labels[:, first:].sum(axis=1), rest[:, first:].sum(axis=1)
    missed, right = labels[:, :first].sum(axis=1), rest[:, :first].sum(axis=1)
    accuracy = (hits + right) / whole.sum()
    return Performance(
        rows=int(whole.sum()),
        accuracy=_interval(accuracy, level),
        f1=_ratio(2 * hits, 2 * hits + false + missed, level),
        auc=_ratio(*_won(labels, rest), level),
    )


def _won(labels: Floats, rest: Floats) -> tuple[Floats, Floats]:
    """Pairs that are ranked right (ties half), and all pairs of a positive and a negative."""
    below = np.cumsum(rest, axis=1) - rest / 2
    return (labels * below).sum(axis=1), labels.sum(axis=1) * rest.sum(axis=1)


def _ratio(above: Floats, below: Floats, level: float) -> Estimate | None:
    defined = below > 0
    if defined.mean() < level:
        return None
    return _interval(above[defined] / below[defined], level)


def _interval(drawn: Floats, level: float) -> Estimate:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value=float(drawn.mean()), low=float(low), high=float(high))
