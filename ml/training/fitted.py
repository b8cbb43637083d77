"""A fitted model, whatever framework it comes from: how it answers, and the same as ONNX."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Features: TypeAlias = NDArray[np.float32]
"""Rows of the card's features in order, as requests become them."""
Scores: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What a model's ``fit`` returns when scikit-learn does not make the model.

    ``onnx`` takes ``features`` (float32, one row per row) and gives ``probabilities`` (float32, two
    columns) when the card's task is classification, ``score`` (float32, one column) otherwise.
    """

    onnx: bytes
    predict: Callable[[Features], Scores]
    """The framework's own answer, which the exported model must repeat."""
