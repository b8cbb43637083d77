"""Let exported regression trees add their leaves in float64, as the trained ones do.

Hundreds of leaves added in float32 are off by the last digits of the largest sum on the way: a
demand of 3 that was reached by way of 600 differs in the fourth digit. ONNX adds in the type that
the trees read, so the export widens its input; the answer is rounded once, at the end.
https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html (version 3)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

_TREES = "TreeEnsembleRegressor"
_DOMAIN, _VERSION = "ai.onnx.ml", 3
_WIDE = "features_in_float64"


def add_in_float64(exported: ModelProto, model: Any) -> None:
    """Change the export of ``model`` (HistGradientBoosting) in place; its inputs stay float32."""
    [trees] = [node for node in exported.graph.node if node.op_type == _TREES]
    attributes = {attribute.name: attribute for attribute in trees.attribute}
    exact = {
        "target_weights": _leaves(model, attributes),
        "base_values": np.ravel(model._baseline_prediction).astype(np.float64),
    }
    kept = [attribute for name, attribute in attributes.items() if name not in exact]
    del trees.attribute[:]
    trees.attribute.extend(kept)
    for name, values in exact.items():
        tensor = numpy_helper.from_array(values, name)
        trees.attribute.append(helper.make_attribute(f"{name}_as_tensor", tensor))
    [features] = trees.input
    trees.input[0] = _WIDE
    widened = helper.make_node("Cast", [features], [_WIDE], to=TensorProto.DOUBLE)
    exported.graph.node.insert(0, widened)
    for opset in exported.opset_import:
        if opset.domain == _DOMAIN:
            opset.version = _VERSION


def _leaves(model: Any, attributes: Mapping[str, Any]) -> np.ndarray:
    """Return the leaves' values in the order in which the export lists them, unrounded."""
    predictors = [each for stage in model._predictors for each in stage]
    places = zip(attributes["target_treeids"].ints, attributes["target_nodeids"].ints, strict=True)
    return np.array([predictors[tree].nodes["value"][node] for tree, node in places])
