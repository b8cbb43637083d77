"""The demand model: gradient-boosted trees on the card's features as they are."""

from collections.abc import Mapping

from sklearn.base import RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor


def build(hyperparameters: Mapping[str, str]) -> RegressorMixin:
    """Return the unfitted model; each setting it needs is in the card.

    Trees answer nothing above what they have seen: a model of a growing demand has to be trained
    again.
    """
    return HistGradientBoostingRegressor(
        max_iter=int(hyperparameters["max_iter"]),
        max_leaf_nodes=int(hyperparameters["max_leaf_nodes"]),
        learning_rate=float(hyperparameters["learning_rate"]),
        min_samples_leaf=int(hyperparameters["min_samples_leaf"]),
        early_stopping=False,
        random_state=int(hyperparameters["seed"]),
    )
