"""How good scores are, as numbers; NumPy alone, since importing scikit-learn takes seconds."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from contracts.quality import OF_TASK, Task
from ml.evaluation.ranking import Users, ranking_metrics
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
    return float(np.mean(losses("brier", labels, scores)))


def log_loss(labels: Labels, scores: Scores) -> float:
    """Return the mean negative log-likelihood; scores are kept 1e-15 away from 0 and 1.

    >>> round(log_loss(np.array([0, 1]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    return float(np.mean(losses("log_loss", labels, scores)))


def rmse(labels: Labels, scores: Scores) -> float:
    """Return the root of the mean squared error, in the unit of the labels.

    >>> rmse(np.array([0.0, 0.0]), np.array([3.0, 3.0]))
    3.0
    """
    return float(np.sqrt(np.mean(losses("rmse", labels, scores))))


def mae(labels: Labels, scores: Scores) -> float:
    """Return the mean absolute error, in the unit of the labels.

    >>> mae(np.array([0.0, 0.0]), np.array([3.0, 4.0]))
    3.5
    """
    return float(np.mean(losses("mae", labels, scores)))


def losses(metric: str, labels: Labels, scores: Scores) -> Scores:
    """Return what each row adds to the mean that ``metric`` is (``rmse``: the root of).

    >>> losses("mae", np.array([1.0, 5.0]), np.array([2.0, 2.0]))
    array([1., 3.])
    """
    match metric:
        case "brier" | "rmse":
            return (scores - labels) ** 2
        case "mae":
            return np.abs(scores - labels)
        case "log_loss":
            likely = np.where(labels == 1, scores, 1 - scores)
            return -np.log(np.clip(likely, 1e-15, 1))
        case _:
            raise ValueError(
                f"a mean of losses must be one of brier, log_loss, mae, rmse, got {metric!r}"
            )


def figure(metric: str, labels: Labels, scores: Scores, users: Users) -> float:
    """Return the judged figure of a model that gave ``scores``."""
    if metric in ("ndcg", "recall"):
        return ranking_metrics(users, labels, scores).get(metric, float("nan"))
    return _OF_SCORES[metric](labels, scores)


def of_rows(task: Task, rows: LabelledRows, scores: Scores) -> dict[str, float]:
    """Return the figures (contracts.quality.OF_TASK) of a model that gave ``scores``.

    A ranking says nothing where no user has two labels to order, and is left out.
    """
    figures = {
        metric: _OF_SCORES[metric](rows.labels, scores)
        for metric in OF_TASK[task]
        if metric in _OF_SCORES
    }
    if task is not Task.RECOMMENDATION:
        return figures
    _, users = np.unique(rows.features.index.get_level_values(0), return_inverse=True)
    return {**figures, **ranking_metrics(users, rows.labels, scores)}


_OF_SCORES: dict[str, Callable[[Labels, Scores], float]] = {
    "auc": auc,
    "brier": brier,
    "log_loss": log_loss,
    "mae": mae,
    "rmse": rmse,
}
