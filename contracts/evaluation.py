"""The evaluation: candidate and champion scored on the same newest hold-out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from contracts.errors import ContractError
from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One model's figures on the hold-out, through the serving code, on the exported artifact."""

    artifact_uri: str
    artifact_sha256: str
    manifest_sha256: str
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Candidate minus champion, with a two-sided interval by paired bootstrap."""

    value: float
    low: float
    high: float
    confidence: float
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOut:
    rows: int
    positives: int
    snapshot_date: str
    """The month that both models are asked about, out of time for the candidate."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    run_id: str
    as_of: str
    metric: str
    holdout: HoldOut
    candidate: Score
    champion: Score | None
    gain: Gain | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def parse_evaluation(document: object) -> EvaluationReport:
    """Read a report; a missing, NaN, infinite or textual figure is an error that names it."""
    table = Table.of(document, "evaluation")
    metric = table.text("metric")
    holdout = table.table("holdout")
    champion, gain = table.optional_table("champion"), table.optional_table("gain")
    if (champion is None) != (gain is None):
        raise ContractError("evaluation must have champion and gain together or neither")
    return EvaluationReport(
        run_id=table.text("run_id"),
        as_of=table.text("as_of"),
        metric=metric,
        holdout=HoldOut(
            rows=holdout.integer("rows", least=1),
            positives=holdout.integer("positives", least=0),
            snapshot_date=holdout.text("snapshot_date"),
            sha256=holdout.text("sha256"),
        ),
        candidate=_score(table.table("candidate"), metric),
        champion=None if champion is None else _score(champion, metric),
        gain=None if gain is None else _gain(gain),
    )


def _score(table: Table, metric: str) -> Score:
    metrics = table.table("metrics")
    if metric not in metrics.content:
        raise ContractError(f"{metrics.where} lacks the judged metric {metric!r}")
    return Score(
        artifact_uri=table.text("artifact_uri"),
        artifact_sha256=table.text("artifact_sha256"),
        manifest_sha256=table.text("manifest_sha256"),
        metrics={name: metrics.number(name) for name in metrics.content},
    )


def _gain(table: Table) -> Gain:
    gain = Gain(
        value=table.number("value"),
        low=table.number("low"),
        high=table.number("high"),
        confidence=table.number("confidence"),
        samples=table.integer("samples", least=1),
    )
    if not (isfinite(gain.value) and gain.low <= gain.high):
        raise ContractError(f"{table.where} has a low bound {gain.low} above the high {gain.high}")
    return gain
