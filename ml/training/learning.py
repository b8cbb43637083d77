"""Fit a model's own code on labelled rows: an estimator that we export, or its own framework."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from threadpoolctl import threadpool_limits

from contracts.card import ModelCard, Task
from ml.refusal import Refusal
from ml.serving.predictor import answers, open_session
from ml.training.fitted import Features, Fitted, Scores
from ml.training.rows import LabelledRows

THREADS = 1
"""The same sums in the same order on every machine, and no threads that wait for each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """One model's model.py: ``build`` an estimator, or ``fit`` by itself."""

    model: ModuleType
    card: ModelCard
    checkpoints: Path
    """What lies here survives the loss of a spot instance."""

    def learn(self, months: Sequence[LabelledRows], hyperparameters: Mapping[str, str]) -> Fitted:
        """Return the model fitted on ``months``."""
        # Trees are fitted on the float32 values that requests become: split points then agree.
        features = np.concatenate([float32(rows) for rows in months])
        labels = np.concatenate([rows.labels for rows in months])
        with threadpool_limits(limits=THREADS):
            if hasattr(self.model, "fit"):
                return self.model.fit(features, labels, hyperparameters, self.checkpoints)
            if not hasattr(self.model, "build"):
                raise Refusal("the model's model.py has neither build() nor fit()")
            # Imported here: a model of another framework needs none of it.
            from ml.training.export import of_scikit_learn

            classes = self.card.task is Task.BINARY_CLASSIFICATION
            targets = labels.astype(np.int64) if classes else labels
            estimator = self.model.build(hyperparameters).fit(features, targets)
            return of_scikit_learn(estimator, features.shape[1], self.card.task)

    def answers(self, fitted: Fitted, rows: LabelledRows) -> tuple[Scores, Scores]:
        """Return what the framework and what the exported model answer."""
        asked = float32(rows)
        with threadpool_limits(limits=THREADS):
            trained = np.asarray(fitted.predict(asked), dtype=np.float64)
        if trained.shape != (len(asked),):
            raise Refusal(f"the model must answer {len(asked)} rows, got shape {trained.shape}")
        return trained, answers(open_session(fitted.onnx), self.card.task, asked)


def float32(rows: LabelledRows) -> Features:
    return rows.features.to_numpy(np.float32)
