"""Fit a candidate on the months before the hold-out, and prove its export on the hold-out."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from contracts.card import ModelCard
from ml.evaluation.metrics import all_metrics
from ml.places import required
from ml.refusal import Refusal
from ml.serving.predictor import open_session
from ml.training.export import check_parity, to_onnx
from ml.training.rows import LabelledRows, Timeline

OWN_SETTINGS = frozenset({"model", "as_of", "run_id"})
"""Hyperparameters that the workflow adds to the card's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    onnx: bytes
    newest: LabelledRows
    """The newest training month: what the model believes traffic looks like."""
    holdout: LabelledRows
    scores: NDArray[np.float64]
    """Of the hold-out, by the exported model."""
    metrics: Mapping[str, float]


def fit(
    timeline: Timeline, model: ModuleType, card: ModelCard, settings: Mapping[str, str]
) -> Candidate:
    """Train on the months before the hold-out; refuse an export that answers differently."""
    chosen = _chosen(card, settings)
    holdout = timeline.holdout
    months = timeline.training(int(required(chosen, "training_snapshots")))
    # Trees are fitted on the float32 values that requests become: split points then agree.
    features = np.concatenate([_float32(rows) for rows in months])
    labels = np.concatenate([rows.labels for rows in months])
    for rows in months:
        print(f"training: {rows.snapshot_date}, {len(rows.labels)} rows", flush=True)
    # One thread: the same sums in the same order on every machine, and no threads that wait for
    # each other where cores are shared.
    with threadpool_limits(limits=1):
        estimator = model.build(chosen).fit(features, labels)
    onnx = to_onnx(estimator, features.shape[1])
    trained = estimator.predict_proba(_float32(holdout))[:, 1]
    scores = _exported_scores(onnx, _float32(holdout))
    worst = check_parity(trained, scores)
    print(
        f"hold-out: {holdout.snapshot_date}, {len(holdout.labels)} rows, "
        f"largest difference of the export {worst:.1e}",
        flush=True,
    )
    metrics = all_metrics(holdout.labels, scores)
    if card.evaluation.metric not in metrics:
        known = ", ".join(metrics)
        raise Refusal(f"the card's metric must be one of {known}, got {card.evaluation.metric!r}")
    return Candidate(onnx=onnx, newest=months[-1], holdout=holdout, scores=scores, metrics=metrics)


def _chosen(card: ModelCard, settings: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(settings) - set(card.hyperparameters) - OWN_SETTINGS)
    if unknown:
        raise Refusal(f"hyperparameters that the card does not have: {', '.join(unknown)}")
    given = {name: value for name, value in settings.items() if name not in OWN_SETTINGS}
    return {**card.hyperparameters, **given}


def _float32(rows: LabelledRows) -> NDArray[np.float32]:
    return rows.features.to_numpy(np.float32)


def _exported_scores(onnx: bytes, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    session = open_session(onnx)
    (answers,) = session.run(["probabilities"], {session.get_inputs()[0].name: rows})
    return answers[:, 1].astype(np.float64)
