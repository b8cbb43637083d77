"""The figures by which models are judged: which task has which, and which way is better."""

from enum import StrEnum


class Task(StrEnum):
    BINARY_CLASSIFICATION = "binary_classification"
    REGRESSION = "regression"
    RECOMMENDATION = "recommendation"
    """Ratings of pairs of a user and an item."""


HIGHER_IS_BETTER = {
    "auc": True,
    "log_loss": False,
    "brier": False,
    "rmse": False,
    "mae": False,
    "ndcg": True,
    "recall": True,
}
"""``ndcg`` and ``recall`` are of the ten items that a user is shown first."""

OF_TASK = {
    Task.BINARY_CLASSIFICATION: ("auc", "log_loss", "brier"),
    Task.REGRESSION: ("rmse", "mae"),
    Task.RECOMMENDATION: ("rmse", "mae", "ndcg", "recall"),
}


def improvement(metric: str, candidate: float, champion: float) -> float:
    """Return by how much the candidate is better: above 0 whichever way the metric goes.

    >>> improvement("rmse", 70.0, 75.0)
    5.0
    """
    return candidate - champion if HIGHER_IS_BETTER[metric] else champion - candidate
