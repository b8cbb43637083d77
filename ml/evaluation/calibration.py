"""How far a model's answers are from what happens, on average and where it matters."""

import numpy as np

from contracts.card import Task
from ml.evaluation.metrics import Labels, Scores
from ml.refusal import Refusal

BINS = 10


def calibration_error(task: Task, labels: Labels, scores: Scores) -> float:
    """Return the distance of what the model says and what happened; 0 is best.

    Of a classifier: the mean distance of probability and frequency over ten bins of as many rows
    each, from the lowest scores to the highest. By chance alone it is about
    ``0.8 sqrt(p (1 - p) / (rows / 10))``: 0.01 for 10,000 rows of which a fifth is positive.
    Of others: the distance of the mean answer and the mean label, as a share of the labels' mean
    size.

    Source: A. Niculescu-Mizil, R. Caruana, Predicting good probabilities with supervised learning
    (2005), for the diagram whose mean this is.

    >>> calibration_error(Task.REGRESSION, np.array([10.0, 30.0]), np.array([21.0, 21.0]))
    0.05
    """
    if task is not Task.BINARY_CLASSIFICATION:
        return _bias(labels, scores)
    order = np.argsort(scores, kind="stable")
    bins = [rows for rows in np.array_split(order, BINS) if len(rows)]
    distances = [abs(scores[rows].mean() - labels[rows].mean()) for rows in bins]
    return float(np.mean(distances))


def _bias(labels: Labels, scores: Scores) -> float:
    size = float(np.abs(labels).mean())
    if not size:
        raise Refusal("every label of the hold-out is 0: there is nothing to judge by")
    return float(abs(scores.mean() - labels.mean()) / size)
