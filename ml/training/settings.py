"""The hyperparameters of one training: the card's, changed by those that the job was given."""

from collections.abc import Mapping

from contracts.card import ModelCard
from ml.refusal import Refusal

OWN_SETTINGS = frozenset({"model", "as_of", "run_id"})
"""Hyperparameters that the workflow adds to the card's."""
SEED = "1"


def chosen(card: ModelCard, settings: Mapping[str, str]) -> dict[str, str]:
    """Return what to train with; ``seed`` is always there."""
    known = {"seed": SEED, **card.hyperparameters}
    unknown = sorted(set(settings) - set(known) - OWN_SETTINGS)
    if unknown:
        raise Refusal(f"hyperparameters that the card does not have: {', '.join(unknown)}")
    given = {name: value for name, value in settings.items() if name not in OWN_SETTINGS}
    return {**known, **given}


def training_snapshots(hyperparameters: Mapping[str, str]) -> int | None:
    """Return how many snapshots to learn from; None: all of them, as the card says nothing."""
    text = hyperparameters.get("training_snapshots")
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(f"training_snapshots must be a whole number from 1, got {text!r}")
    return int(text)
