"""Write the learned tables as an ONNX graph, operator by operator, the same bytes each time.

By hand, since PyTorch's exporter has no operator that finds a number's row: here it is
``LabelEncoder`` of ai.onnx.ml, whose default is row 0.
https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, checker, helper, numpy_helper

from .settings import Settings

IR_VERSION = 8
OPSETS = {"": 18, "ai.onnx.ml": 3}
UNKNOWN = 0


class Numbers(Protocol):
    """Who has which row: the first of each has row 1."""

    @property
    def users(self) -> NDArray[np.int64]: ...
    @property
    def items(self) -> NDArray[np.int64]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What was learned; row 0 of each table is of whoever is unknown."""

    mean: float
    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]
    user_biases: NDArray[np.float32]
    item_biases: NDArray[np.float32]


def to_onnx(tables: Tables, numbers: Numbers, settings: Settings) -> bytes:
    """Return the graph from ``features`` (float32, user and item) to ``score`` on the scale."""
    constants = {
        "user_column": np.array(0, dtype=np.int64),
        "item_column": np.array(1, dtype=np.int64),
        "factor_axis": np.array([1], dtype=np.int64),
        "mean": np.array(tables.mean, dtype=np.float32),
        "lowest": np.array(settings.lowest, dtype=np.float32),
        "highest": np.array(settings.highest, dtype=np.float32),
        "user_factors": tables.user_factors,
        "item_factors": tables.item_factors,
        "user_biases": tables.user_biases,
        "item_biases": tables.item_biases,
    }
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["features"], ["numbers"], to=TensorProto.INT64),
            *_looked_up("user", numbers.users),
            *_looked_up("item", numbers.items),
            helper.make_node("Mul", ["user_factors_of", "item_factors_of"], ["agreements"]),
            helper.make_node("ReduceSum", ["agreements", "factor_axis"], ["agreement"], keepdims=1),
            helper.make_node("Add", ["user_biases_of", "item_biases_of"], ["biases"]),
            helper.make_node("Add", ["mean", "biases"], ["usual"]),
            helper.make_node("Add", ["usual", "agreement"], ["rating"]),
            helper.make_node("Clip", ["rating", "lowest", "highest"], ["score"]),
        ],
        "recommender",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(np.asarray(each), name) for name, each in constants.items()],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(
        graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="perennial"
    )
    checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _looked_up(who: str, numbers: NDArray[np.int64]) -> list[NodeProto]:
    """Find the row of each number in its column, then its factors and its bias."""
    rows = range(UNKNOWN + 1, UNKNOWN + 1 + len(numbers))
    found = helper.make_node(
        "LabelEncoder",
        [f"{who}_number"],
        [f"{who}_row"],
        domain="ai.onnx.ml",
        keys_int64s=numbers.tolist(),
        values_int64s=list(rows),
        default_int64=UNKNOWN,
    )
    return [
        helper.make_node("Gather", ["numbers", f"{who}_column"], [f"{who}_number"], axis=1),
        found,
        helper.make_node("Gather", [f"{who}_factors", f"{who}_row"], [f"{who}_factors_of"]),
        helper.make_node("Gather", [f"{who}_biases", f"{who}_row"], [f"{who}_biases_of"]),
    ]
