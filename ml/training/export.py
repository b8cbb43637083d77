"""Export a fitted scikit-learn model to ONNX."""

import warnings
from typing import Any

import numpy as np
from onnx import ModelProto
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting

from contracts.card import Task
from ml.training.double_sums import add_in_float64
from ml.training.fitted import Fitted

OPSET = {"": 18, "ai.onnx.ml": 3}


def of_scikit_learn(model: Any, features: int, task: Task) -> Fitted:
    """Return the model with its export: a classifier's probabilities, or one score per row."""
    if isinstance(model, BaseHistGradientBoosting):
        _round_thresholds_down(model)
    if task is Task.BINARY_CLASSIFICATION:
        outputs = [("label", None), ("probabilities", None)]
        onnx = _written(_converted(model, features, outputs, {id(model): {"zipmap": False}}))
        return Fitted(onnx=onnx, predict=lambda rows: model.predict_proba(rows)[:, 1])
    exported = _converted(model, features, [("score", FloatTensorType([None, 1]))], {})
    if isinstance(model, BaseHistGradientBoosting):
        add_in_float64(exported, model)
    onnx = _written(exported)
    return Fitted(onnx=onnx, predict=lambda rows: np.ravel(model.predict(rows)))


def _round_thresholds_down(model: BaseHistGradientBoosting) -> None:
    """Give each split the largest float32 that is not above it.

    ONNX holds float32. Rounded to the nearest, a split could pass a value that lies on it, and the
    exported model would take the other branch; rounded down, ``value <= split`` stays what it was
    for every float32 value.
    """
    for predictor in (each for stage in model._predictors for each in stage):
        exact = predictor.nodes["num_threshold"]
        nearest = exact.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
        predictor.nodes["num_threshold"] = np.where(nearest > exact, below, nearest)


def _converted(
    model: Any, features: int, outputs: list[Any], options: dict[int, Any]
) -> ModelProto:
    with warnings.catch_warnings():
        # skl2onnx 1.20 gives onnx booleans where its format has integers; protobuf 6 warns.
        warnings.simplefilter("ignore", DeprecationWarning)
        return convert_sklearn(
            model,
            name="model",
            initial_types=[("features", FloatTensorType([None, features]))],
            final_types=outputs,
            options=options,
            target_opset=OPSET,
        )


def _written(exported: ModelProto) -> bytes:
    # skl2onnx lists them in the order of a set of texts, which differs from process to process.
    opsets = sorted(exported.opset_import, key=lambda opset: opset.domain)
    del exported.opset_import[:]
    exported.opset_import.extend(opsets)
    return exported.SerializeToString(deterministic=True)
