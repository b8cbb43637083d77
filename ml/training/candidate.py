"""Fit a candidate on the snapshots before the hold-out, and prove its export on the hold-out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.card import ModelCard
from ml.evaluation.metrics import of_rows
from ml.refusal import Refusal
from ml.serving.request import refused_value
from ml.training.fitted import Scores
from ml.training.learning import Learner
from ml.training.parity import check_parity, tolerance
from ml.training.rows import LabelledRows, Timeline
from ml.training.settings import training_snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    onnx: bytes
    newest: LabelledRows
    """The newest training snapshot: what the model believes traffic looks like."""
    holdout: LabelledRows
    scores: Scores
    """Of the hold-out, by the exported model."""
    metrics: Mapping[str, float]


def fit(timeline: Timeline, learner: Learner, hyperparameters: Mapping[str, str]) -> Candidate:
    """Train on what lies before the hold-out; refuse an export that answers differently."""
    card, holdout = learner.card, timeline.holdout
    months = timeline.training(training_snapshots(hyperparameters))
    for rows in (*months, holdout):
        _refuse_unservable(rows, card)
    for rows in months:
        print(f"training: {rows.snapshot_date}, {len(rows.labels)} rows", flush=True)
    fitted = learner.learn(months, hyperparameters)
    trained, scores = learner.answers(fitted, holdout)
    worst = check_parity(trained, scores, tolerance(card.task, holdout.labels))
    print(
        f"hold-out: {holdout.snapshot_date}, {len(holdout.labels)} rows, "
        f"largest difference of the export {worst:.1e}",
        flush=True,
    )
    metrics = of_rows(card.task, holdout, scores)
    if card.evaluation.metric not in metrics:
        known = ", ".join(metrics)
        raise Refusal(f"the card's metric must be one of {known}, got {card.evaluation.metric!r}")
    return Candidate(
        onnx=fitted.onnx, newest=months[-1], holdout=holdout, scores=scores, metrics=metrics
    )


def _refuse_unservable(rows: LabelledRows, card: ModelCard) -> None:
    """Refuse to learn from what could never be asked: the card's bounds would be wrong."""
    refused = refused_value(rows.features.to_numpy(np.float64), card.features)
    if refused is not None:
        raise Refusal(f"snapshot {rows.snapshot_date} has a row the server would refuse: {refused}")
