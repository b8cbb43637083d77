"""The gain of one model over another on the same rows, with an interval."""

import numpy as np

from contracts.evaluation import Gain
from ml.evaluation.metrics import Labels, Scores, auc


def auc_gain(
    labels: Labels,
    candidate: Scores,
    champion: Scores,
    *,
    samples: int,
    confidence: float,
    seed: int,
) -> Gain:
    """Return ``auc(candidate) - auc(champion)`` with its paired bootstrap percentile interval.

    Rows are resampled within each class, the same rows for both models: what the two have in
    common cancels. A sample costs one count per class and model, not a sort, because ranks do not
    change.

    Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    draw = np.random.default_rng(seed)
    ones, zeros = np.flatnonzero(labels == 1), np.flatnonzero(labels != 1)
    models = [_Ranks(candidate), _Ranks(champion)]
    gains = np.empty(samples)
    for number in range(samples):
        positive = ones[draw.integers(len(ones), size=len(ones))]
        negative = zeros[draw.integers(len(zeros), size=len(zeros))]
        better, worse = (model.auc(positive, negative) for model in models)
        gains[number] = better - worse
    tail = (1 - confidence) / 2
    low, high = np.quantile(gains, [tail, 1 - tail])
    return Gain(
        value=auc(labels, candidate) - auc(labels, champion),
        low=float(low),
        high=float(high),
        confidence=confidence,
        samples=samples,
    )


class _Ranks:
    """One model's scores as ranks, ready to be counted per sample."""

    def __init__(self, scores: Scores) -> None:
        unique, ranks = np.unique(scores, return_inverse=True)
        self._ranks, self._count = ranks, len(unique)

    def auc(self, positive: np.ndarray, negative: np.ndarray) -> float:
        above = np.bincount(self._ranks[positive], minlength=self._count)
        below = np.bincount(self._ranks[negative], minlength=self._count)
        return float(above @ (np.cumsum(below) - below / 2) / (len(positive) * len(negative)))
