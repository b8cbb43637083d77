"""The model that serving is measured with: 100 boosted trees on 20 features, as an artifact."""

import json
import pickle
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts import artifact
from contracts.card import Task
from ml.training.fitted import Fitted

FEATURES = 20
TREES = 100
PICKLE = "model.pickle"
"""Beside the artifact, not in it: what the servers that call scikit-learn load."""

_CARD = """
[model]
name = "boosted"
task = "binary_classification"
description = "Will it?"
owner = "benchmarks"
label = "label"
label_window_days = 1

[[datasets]]
name = "rows"
columns = [{ name = "label", type = "integer" }]

[gate]
floor = 0.5
min_gain = 0.0
"""


def rows(count: int, seed: int = 7) -> NDArray[np.float64]:
    """Rows as callers send them: every value a float32, so that nothing is rounded on the way."""
    drawn = np.random.default_rng(seed).normal(size=(count, FEATURES))
    return drawn.astype(np.float32).astype(np.float64)


def csv(asked: NDArray[np.float64]) -> str:
    return "".join(",".join(f"{value:.7g}" for value in row) + "\n" for row in asked)


def write(folder: Path) -> None:
    """Write ``folder/model`` (the artifact) and ``folder/model.pickle``.

    Of scikit-learn's two kinds this is the one that answers a single row in 0.3 ms; the other takes
    1.3 ms and would make us look four times better.
    """
    # The PyTorch environment writes another model's artifact with this module.
    from sklearn.ensemble import GradientBoostingClassifier

    from ml.training.export import of_scikit_learn

    learned = rows(20_000, seed=1)
    chance = 1 / (1 + np.exp(-learned[:, :5].sum(axis=1) - learned[:, 5] * learned[:, 6]))
    labels = np.random.default_rng(2).random(len(chance)) < chance
    model = GradientBoostingClassifier(n_estimators=TREES, random_state=0)
    model.fit(learned, labels)
    fitted = of_scikit_learn(model, FEATURES, Task.BINARY_CLASSIFICATION)
    write_artifact(folder, fitted, _card().encode(), rows(32))
    (folder / PICKLE).write_bytes(pickle.dumps(model))


def write_artifact(folder: Path, fitted: Fitted, card: bytes, asked: NDArray[np.float64]) -> None:
    """Write what the server needs below ``folder``, with ``asked`` as golden examples."""
    scores = fitted.predict(asked.astype(np.float32)).tolist()
    content = {
        artifact.MODEL: fitted.onnx,
        artifact.CARD: card,
        artifact.GOLDEN: json.dumps({"rows": asked.tolist(), "scores": scores}).encode(),
    }
    target = folder / "model"
    target.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (target / name).write_bytes(data)
    digests = {name: sha256(data).hexdigest() for name, data in content.items()}
    (target / artifact.MANIFEST).write_bytes(artifact.Manifest(files=digests).render())


def _card() -> str:
    return _CARD + "".join(f'\n[[features]]\nname = "f{place}"\n' for place in range(FEATURES))
