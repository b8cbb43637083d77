"""The criteria of the gate, each with the value it saw, the bound and the outcome."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contracts.card import ModelCard, Task
from contracts.evaluation import EvaluationReport
from contracts.run import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    name: str
    value: str
    bound: str
    """What the value had to be, as a person reads it: ``>= 0.6``."""
    passed: bool


def identity(
    report: EvaluationReport, request: RunRequest, metadata: Mapping[str, str], card: ModelCard
) -> Iterator[Criterion]:
    """Whether this evaluation is of this run, this artifact, this champion, this metric."""
    yield _same("run", report.run_id, request.run_id)
    yield _same("metric", report.metric, card.evaluation.metric)
    candidate, champion = report.candidate, report.champion
    yield _same("candidate artifact", candidate.artifact_sha256, metadata.get("artifact_sha256"))
    yield _same("candidate manifest", candidate.manifest_sha256, metadata.get("manifest_sha256"))
    yield _same(
        "champion artifact",
        None if champion is None else champion.artifact_sha256,
        None if request.champion is None else request.champion.artifact_sha256,
    )
    if report.gain is not None:
        yield _same("confidence", report.gain.confidence, card.gate.confidence)


def quality(report: EvaluationReport, card: ModelCard) -> Iterator[Criterion]:
    """Whether the evidence is enough and the candidate good enough. Equal is not better."""
    holdout, gate, least = report.holdout, card.gate, card.evaluation.min_class_rows
    yield _least("hold-out rows", holdout.rows, card.evaluation.min_holdout_rows)
    if card.task is Task.BINARY_CLASSIFICATION:
        positives = holdout.positives or 0
        yield _least("hold-out positives", positives, least)
        yield _least("hold-out negatives", holdout.rows - positives, least)
    yield _least(f"{report.metric} floor", report.candidate.metrics[report.metric], gate.limit)
    if report.gain is not None:
        yield Criterion(
            name=f"{report.metric} gain, lower bound",
            value=f"{report.gain.low:+.6f}",
            bound=f"> {gate.min_gain:+.6f}",
            passed=report.gain.low > gate.min_gain,
        )


def _same(name: str, value: object, expected: object) -> Criterion:
    return Criterion(
        name=name,
        value="none" if value is None else str(value),
        bound="none" if expected is None else f"= {expected}",
        passed=value == expected,
    )


def _least(name: str, value: float, bound: float) -> Criterion:
    return Criterion(name=name, value=f"{value:g}", bound=f">= {bound:g}", passed=value >= bound)
