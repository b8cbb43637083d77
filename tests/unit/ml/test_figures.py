"""The figures of a model: those that others compute, too."""

import numpy as np
import pytest
from sklearn import metrics as peer

from contracts.card import Task
from ml.evaluation.calibration import calibration_error
from ml.evaluation.metrics import auc, brier, figure, log_loss, losses, mae, rmse
from ml.refusal import Refusal

NOBODY = np.empty(0, dtype=np.int64)


def sample(rows: int, seed: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = (draw.random(rows) < 0.8).astype(np.float64)
    scores = np.clip(draw.normal(0.4 + 0.2 * labels, 0.2), 0.001, 0.999)
    return labels, np.round(scores, 1).clip(0.01, 0.99) if ties else scores


@pytest.mark.parametrize("ties", [True, False])
def test_the_figures_are_those_of_scikit_learn(ties: bool) -> None:
    labels, scores = sample(2000, 3, ties=ties)

    assert auc(labels, scores) == pytest.approx(peer.roc_auc_score(labels, scores))
    assert brier(labels, scores) == pytest.approx(peer.brier_score_loss(labels, scores))
    assert log_loss(labels, scores) == pytest.approx(peer.log_loss(labels, scores))
    assert rmse(labels, scores) == pytest.approx(peer.root_mean_squared_error(labels, scores))
    assert mae(labels, scores) == pytest.approx(peer.mean_absolute_error(labels, scores))
    for name, metric in (("auc", auc), ("brier", brier), ("rmse", rmse), ("mae", mae)):
        assert figure(name, labels, scores, NOBODY) == metric(labels, scores)


def test_an_auc_of_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs both classes, got 2 positives and 0 negatives"):
        auc(np.array([1, 1]), np.array([0.1, 0.2]))


def test_a_metric_that_is_no_mean_of_losses_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"must be one of brier, log_loss, mae, rmse, got 'auc'"):
        losses("auc", np.array([1.0]), np.array([0.1]))


def test_probabilities_that_are_frequencies_are_calibrated_and_others_are_not() -> None:
    draw = np.random.default_rng(1)
    truth = draw.random(20_000)
    labels = (draw.random(20_000) < truth).astype(np.float64)

    honest = calibration_error(Task.BINARY_CLASSIFICATION, labels, truth)
    bold = calibration_error(Task.BINARY_CLASSIFICATION, labels, np.clip(1.5 * truth, 0, 1))
    shifted = calibration_error(Task.BINARY_CLASSIFICATION, labels, truth * 0.8)

    assert honest < 0.015
    assert shifted == pytest.approx(0.1, abs=0.015)
    assert bold > 0.1


def test_bins_hold_as_many_rows_each() -> None:
    """Nine rows of ten say 0.1 and are right; bins of equal width would weigh them as one."""
    labels = np.r_[np.tile([1.0] + [0.0] * 9, 9), np.zeros(10)]
    scores = np.r_[np.full(90, 0.1), np.full(10, 0.9)]

    assert calibration_error(Task.BINARY_CLASSIFICATION, labels, scores) == pytest.approx(0.09)


def test_a_forecast_that_is_too_high_on_the_whole_is_off_by_that_share() -> None:
    labels = np.array([10.0, 30.0])

    assert calibration_error(Task.REGRESSION, labels, np.array([40.0, 10.0])) == 0.25
    assert calibration_error(Task.RECOMMENDATION, -labels, np.array([-20.0, -20.0])) == 0
    with pytest.raises(Refusal, match="every label of the hold-out is 0"):
        calibration_error(Task.REGRESSION, np.zeros(2), labels)
