"""What the recommender's training is told, read from the card's hyperparameters once."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from ml.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    seed: int
    factors: int
    epochs: int
    batch_rows: int
    learning_rate: float
    """Of the first epoch; it falls to a twentieth in a straight line."""
    factor_prior: float
    """How strongly factors are held at 0: the variance of a rating's noise divided by that of a
    factor (K. P. Murphy, Probabilistic Machine Learning, 2022, 11.3)."""
    bias_prior: float
    """The same for the users' and the items' biases."""
    lowest: float
    highest: float
    """The scale of the ratings: no answer lies outside."""


def read(hyperparameters: Mapping[str, str]) -> Settings:
    """Refuse a setting that is missing or no use, by name."""
    settings = Settings(
        seed=_whole(hyperparameters, "seed", least=0),
        factors=_whole(hyperparameters, "factors"),
        epochs=_whole(hyperparameters, "epochs"),
        batch_rows=_whole(hyperparameters, "batch_rows"),
        learning_rate=_real(hyperparameters, "learning_rate", least=1e-9),
        factor_prior=_real(hyperparameters, "factor_prior"),
        bias_prior=_real(hyperparameters, "bias_prior"),
        lowest=_real(hyperparameters, "lowest", least=-1e9),
        highest=_real(hyperparameters, "highest", least=-1e9),
    )
    if settings.lowest >= settings.highest:
        raise Refusal(
            f"hyperparameter lowest must be below highest ({settings.highest:g}), "
            f"got {settings.lowest:g}"
        )
    return settings


def _whole(given: Mapping[str, str], name: str, *, least: int = 1) -> int:
    text = given.get(name, "")
    if not text.isdecimal() or int(text) < least:
        raise Refusal(f"hyperparameter {name} must be a whole number from {least}, got {text!r}")
    return int(text)


def _real(given: Mapping[str, str], name: str, *, least: float = 0.0) -> float:
    text = given.get(name, "")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or value < least:
        raise Refusal(f"hyperparameter {name} must be a number from {least:g}, got {text!r}")
    return value
