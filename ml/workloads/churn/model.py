"""The churn model: gradient-boosted trees on the card's features as they are."""

from collections.abc import Mapping

from sklearn.base import ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier


def build(hyperparameters: Mapping[str, str]) -> ClassifierMixin:
    """Return the unfitted model; each setting it needs is in the card.

    No scaler stands before the trees: it would move float32 values across split points, and the
    exported model would differ from this one by up to 0.05.
    """
    return HistGradientBoostingClassifier(
        max_iter=int(hyperparameters["max_iter"]),
        max_leaf_nodes=int(hyperparameters["max_leaf_nodes"]),
        learning_rate=float(hyperparameters["learning_rate"]),
        min_samples_leaf=int(hyperparameters["min_samples_leaf"]),
        early_stopping=False,
        random_state=int(hyperparameters["seed"]),
    )
