"""An exported model answers as the trained one, also where a value lies on a split."""

import numpy as np
import pytest
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contracts.card import Task
from ml.refusal import Refusal
from ml.serving.predictor import answers, open_session
from ml.training.export import of_scikit_learn
from ml.training.fitted import Fitted
from ml.training.parity import check_parity, tolerance

DRAW = np.random.default_rng(5)
ROWS = (DRAW.normal(20, 9, (4000, 3)) / 3).astype(np.float32)
COUNTS = np.round(ROWS[:, 0] * 30 + ROWS[:, 1] ** 2 + DRAW.normal(0, 5, 4000)).astype(np.float64)


def difference(fitted: Fitted, task: Task, rows: np.ndarray) -> float:
    exported = answers(open_session(fitted.onnx), task, rows)
    return float(np.abs(fitted.predict(rows) - exported).max())


def on_splits(model: HistGradientBoostingRegressor | HistGradientBoostingClassifier) -> np.ndarray:
    """Return rows whose values are the splits of ``model``, as float32 has them."""
    nodes = np.concatenate([tree.nodes for stage in model._predictors for tree in stage])
    rows = np.tile(ROWS[:1], (len(nodes), 1))
    rows[np.arange(len(nodes)), nodes["feature_idx"]] = nodes["num_threshold"].astype(np.float32)
    return rows[~nodes["is_leaf"].astype(bool)]


@pytest.mark.slow
@pytest.mark.parametrize("task", [Task.REGRESSION, Task.BINARY_CLASSIFICATION])
def test_a_value_on_a_split_goes_the_way_it_was_trained(task: Task) -> None:
    if task is Task.REGRESSION:
        model = HistGradientBoostingRegressor(early_stopping=False).fit(ROWS, COUNTS)
    else:
        classes = (float(COUNTS.mean()) < COUNTS).astype(int)
        model = HistGradientBoostingClassifier(early_stopping=False).fit(ROWS, classes)
    # Asked as they were before the export: that is where it may have moved them to.
    rows = on_splits(model)
    before = model.predict(ROWS)
    fitted = of_scikit_learn(model, 3, task)
    allowed = tolerance(task, COUNTS)
    assert difference(fitted, task, rows) <= allowed
    assert difference(fitted, task, ROWS) <= allowed
    assert np.array_equal(model.predict(ROWS), before)


def test_many_leaves_add_up_as_exactly_as_one_number_of_float32() -> None:
    model = HistGradientBoostingRegressor(max_iter=200, early_stopping=False).fit(ROWS, COUNTS)
    fitted = of_scikit_learn(model, 3, Task.REGRESSION)
    exported = answers(open_session(fitted.onnx), Task.REGRESSION, ROWS)
    # Added in float32, the worst of them is off by 1e-4 and more.
    assert exported == pytest.approx(fitted.predict(ROWS), rel=1e-7, abs=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        Ridge(),
        make_pipeline(StandardScaler(), Ridge()),
        RandomForestRegressor(20, max_depth=6, random_state=1),
    ],
    ids=["linear", "scaled", "forest"],
)
def test_other_regressors_are_exported_too(model: Ridge) -> None:
    fitted = of_scikit_learn(model.fit(ROWS, COUNTS), 3, Task.REGRESSION)
    assert difference(fitted, Task.REGRESSION, ROWS) <= tolerance(Task.REGRESSION, COUNTS)


def test_what_a_regressor_may_differ_by_is_a_share_of_the_labels_spread() -> None:
    labels = np.array([0.0, 2000.0])
    assert tolerance(Task.REGRESSION, labels) == pytest.approx(0.01)
    assert tolerance(Task.BINARY_CLASSIFICATION, labels) == 1e-5
    # Labels that hardly differ are still told apart no better than float32 can.
    assert tolerance(Task.REGRESSION, np.array([5000.0, 5000.0])) == pytest.approx(0.005)
    trained, exported = np.array([10.0, 20.0]), np.array([10.0, 20.011])
    with pytest.raises(Refusal, match=r"up to 0\.011 on 1 of 2 hold-out rows, allowed is 0\.01"):
        check_parity(trained, exported, tolerance(Task.REGRESSION, labels))
