"""How good scores are, as numbers; NumPy alone, since importing scikit-learn takes seconds."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from contracts.quality import Task
from ml.training.rows import LabelledRows

Scores: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.float64]


def auc(labels: Labels, scores: Scores) -> float:
    """Return the chance that a positive is scored above a negative; ties count half.

    Raises ValueError when one class is missing: there is no such chance then.

    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    positives = labels == 1
    ones, zeros = int(positives.sum()), int((~positives).sum())
    if not ones or not zeros:
        raise ValueError(f"auc needs both classes, got {ones} positives and {zeros} negatives")
    _, rank = np.unique(scores, return_inverse=True)
    above = np.bincount(rank[positives], minlength=rank.max() + 1)
    below = np.bincount(rank[~positives], minlength=rank.max() + 1)
    return float(above @ (np.cumsum(below) - below / 2) / (ones * zeros))


def brier(labels: Labels, scores: Scores) -> float:
    """Return the mean squared error of the scores as probabilities.

    >>> brier(np.array([0, 1]), np.array([0.0, 0.5]))
    0.125
    """
    return float(np.mean((scores - labels) ** 2))


def log_loss(labels: Labels, scores: Scores) -> float:
    """Return the mean negative log-likelihood; scores are kept 1e-15 away from 0 and 1.

    >>> round(log_loss(np.array([0, 1]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    likely = np.clip(np.where(labels == 1, scores, 1 - scores), 1e-15, 1)
    return float(-np.mean(np.log(likely)))


def rmse(labels: Labels, scores: Scores) -> float:
    """Return the root of the mean squared error, in the unit of the labels.

    >>> rmse(np.array([0.0, 0.0]), np.array([3.0, -3.0]))
    3.0
    """
    return float(np.sqrt(np.mean((scores - labels) ** 2)))


def mae(labels: Labels, scores: Scores) -> float:
    """Return the mean absolute error, in the unit of the labels.

    >>> mae(np.array([0.0, 0.0]), np.array([3.0, 4.0]))
    3.5
    """
    return float(np.mean(np.abs(scores - labels)))


def all_metrics(labels: Labels, scores: Scores) -> dict[str, float]:
    return {
        "auc": auc(labels, scores),
        "brier": brier(labels, scores),
        "log_loss": log_loss(labels, scores),
    }


def of_rows(task: Task, rows: LabelledRows, scores: Scores) -> dict[str, float]:
    """Return the figures (contracts.quality.OF_TASK) of a model that gave ``scores``."""
    if task is Task.BINARY_CLASSIFICATION:
        return all_metrics(rows.labels, scores)
    return {"rmse": rmse(rows.labels, scores), "mae": mae(rows.labels, scores)}
