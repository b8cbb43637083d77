"""What the card asks of a candidate by itself, whoever the champion is."""

from collections.abc import Iterator

from contracts.card import ModelCard, Task
from contracts.evaluation import EvaluationReport
from contracts.quality import HIGHER_IS_BETTER
from lambdas.gate.criterion import Criterion, at_least, at_most, same, shown

MIB = 1024 * 1024


def evidence(report: EvaluationReport, card: ModelCard) -> Iterator[Criterion]:
    """Whether there are rows enough to judge by, of both classes where there are classes."""
    holdout, least = report.holdout, card.evaluation.min_class_rows
    yield at_least("hold-out rows", holdout.rows, card.evaluation.min_holdout_rows)
    if card.task is Task.BINARY_CLASSIFICATION:
        positives = holdout.positives
        negatives = None if positives is None else holdout.rows - positives
        yield at_least("hold-out positives", positives, least)
        yield at_least("hold-out negatives", negatives, least)
    else:
        yield same("hold-out positives", holdout.positives, None)


def quality(report: EvaluationReport, card: ModelCard) -> Iterator[Criterion]:
    """Whether the candidate is good, honest, quick and small enough."""
    candidate, gate, metric = report.candidate, card.gate, card.evaluation.metric
    score = candidate.metrics.get(metric)
    if HIGHER_IS_BETTER[metric]:
        yield at_least(f"{metric} floor", score, gate.limit)
    else:
        yield at_most(f"{metric} ceiling", score, gate.limit)
    if gate.max_calibration_error is not None:
        yield at_most("calibration error", candidate.calibration_error, gate.max_calibration_error)
    if gate.max_latency_ms is not None:
        yield _latency(candidate.latency_ms, gate.max_latency_ms)
    if gate.max_artifact_mib is not None:
        yield at_most("artifact MiB", candidate.artifact_bytes / MIB, gate.max_artifact_mib)


def _latency(value: float, most: float) -> Criterion:
    """No time at all is a latency that nobody measured."""
    return Criterion(
        name="latency ms",
        value=shown(value),
        bound=f"> 0 and <= {most:.9g}",
        passed=0 < value <= most,
    )
