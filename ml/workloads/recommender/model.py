"""The recommender: a rating is a mean, a user's and an item's bias, and how their factors agree."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.training.fitted import Fitted

from .settings import read


def fit(
    features: NDArray[np.float32],
    labels: NDArray[np.float64],
    hyperparameters: Mapping[str, str],
    checkpoints: Path,
) -> Fitted:
    """Return the model fitted on pairs and their ratings; it goes on where a checkpoint stands."""
    settings = read(hyperparameters)
    # Imported here: PyTorch is in the image that trains, and nowhere else.
    from .export import to_onnx
    from .factorization import Pairs, exact
    from .learning import Learning

    pairs = Pairs.of(features, labels)
    with exact():
        learning = Learning(pairs, settings, checkpoints)
        for _ in learning.epochs():
            pass
    model = learning.model.eval()
    return Fitted(
        onnx=to_onnx(model.tables(), pairs, settings),
        predict=lambda asked: model.answers(pairs.rows(asked), settings),
    )
