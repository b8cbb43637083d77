"""Export a trained model to ONNX, and refuse an export that answers differently."""

import warnings

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import ClassifierMixin

from ml.refusal import Refusal

PARITY = 1e-5
"""Probabilities of the exported model may differ from the trained one's by no more."""
OPSET = {"": 18, "ai.onnx.ml": 3}


def to_onnx(model: ClassifierMixin, features: int) -> bytes:
    """Return the model as ONNX, with the probabilities of both classes as a plain matrix."""
    with warnings.catch_warnings():
        # skl2onnx 1.20 gives onnx booleans where its format has integers; protobuf 6 warns.
        warnings.simplefilter("ignore", DeprecationWarning)
        exported = convert_sklearn(
            model,
            name="model",
            initial_types=[("features", FloatTensorType([None, features]))],
            final_types=[("label", None), ("probabilities", None)],
            options={id(model): {"zipmap": False}},
            target_opset=OPSET,
        )
    return exported.SerializeToString(deterministic=True)


def check_parity(trained: NDArray[np.float64], exported: NDArray[np.float64]) -> float:
    """Return the largest difference over all hold-out rows; refuse one above ``PARITY``."""
    differences = np.abs(trained - exported)
    worst = float(differences.max())
    if not worst <= PARITY:
        off = int((differences > PARITY).sum())
        raise Refusal(
            f"the exported model differs from the trained one by up to {worst:.2g} on {off} of "
            f"{len(trained)} hold-out rows, allowed is {PARITY:.0e}"
        )
    return worst
