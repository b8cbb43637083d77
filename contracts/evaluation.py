"""The evaluation: candidate and champion scored on the same newest hold-out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contracts.errors import ContractError
from contracts.quality import HIGHER_IS_BETTER
from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One model's figures on the hold-out, through the serving code, on the exported artifact."""

    artifact_uri: str
    artifact_sha256: str
    manifest_sha256: str
    artifact_bytes: int
    metrics: Mapping[str, float]
    calibration_error: float
    """See contracts.card_judging.Gate.max_calibration_error."""
    latency_ms: float
    """99 of 100 predictions of one row took no longer, in the evaluation's own process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """By how much the candidate is better than the champion (contracts.quality.improvement), with a
    two-sided interval by paired bootstrap: above 0 is better, whichever way the metric goes."""

    value: float
    low: float
    high: float
    confidence: float
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceScore:
    """The judged metric on some rows of the hold-out; no figures where they are too few."""

    name: str
    rows: int
    candidate: float | None
    champion: float | None
    gain: Gain | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOut:
    rows: int
    positives: int | None
    """Of a classifier's labels."""
    snapshot_date: str
    """The moment that both models are asked about, out of time for the candidate."""
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
    slices: tuple[SliceScore, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)


_SHARES = frozenset({"auc", "brier", "ndcg", "recall"})
"""Figures that are never above 1; none of ours is below 0 (contracts.quality)."""
_MOST_ROWS = 10**12
_MOST_BYTES = 10**13


def parse_evaluation(document: object) -> EvaluationReport:
    """Read a report; a missing, NaN, infinite, textual or impossible figure is named."""
    table = Table.of(document, "evaluation")
    metric = table.text("metric")
    champion, gain = table.optional_table("champion"), table.optional_table("gain")
    if (champion is None) != (gain is None):
        raise ContractError("evaluation must have champion and gain together or neither")
    holdout = _holdout(table.table("holdout"))
    return EvaluationReport(
        run_id=table.text("run_id"),
        as_of=table.text("as_of"),
        metric=metric,
        holdout=holdout,
        candidate=_score(table.table("candidate"), metric),
        champion=None if champion is None else _score(champion, metric),
        gain=None if gain is None else _gain(gain),
        slices=_slices(table.tables("slices"), metric, holdout.rows, judged=gain is not None),
    )


def _holdout(table: Table) -> HoldOut:
    rows = table.integer("rows", least=1, most=_MOST_ROWS)
    given = table.content.get("positives") is not None
    return HoldOut(
        rows=rows,
        positives=table.integer("positives", least=0, most=rows) if given else None,
        snapshot_date=table.text("snapshot_date"),
        sha256=table.text("sha256"),
    )


def _score(table: Table, metric: str) -> Score:
    metrics = table.table("metrics")
    if metric not in metrics.content:
        raise ContractError(f"{metrics.where} lacks the judged metric {metric!r}")
    return Score(
        artifact_uri=table.text("artifact_uri"),
        artifact_sha256=table.text("artifact_sha256"),
        manifest_sha256=table.text("manifest_sha256"),
        artifact_bytes=table.integer("artifact_bytes", least=1, most=_MOST_BYTES),
        metrics={name: _figure(metrics, name) for name in metrics.content},
        calibration_error=table.number("calibration_error", least=0),
        latency_ms=table.number("latency_ms", least=0),
    )


def _figure(metrics: Table, name: str) -> float:
    if name not in HIGHER_IS_BETTER:
        return metrics.number(name)
    return metrics.number(name, least=0, most=_most(name))


def _most(metric: str) -> float | None:
    return 1 if metric in _SHARES else None


def _slices(tables: list[Table], metric: str, rows: int, *, judged: bool) -> tuple[SliceScore, ...]:
    slices = tuple(_slice(table, metric, rows, judged=judged) for table in tables)
    names = [one.name for one in slices]
    if len(set(names)) != len(names):
        raise ContractError(f"evaluation.slices names one twice: {names}")
    return slices


def _slice(row: Table, metric: str, rows: int, *, judged: bool) -> SliceScore:
    gain, most = row.optional_table("gain"), _most(metric)
    candidate = row.optional_number("candidate", least=0, most=most)
    champion = row.optional_number("champion", least=0, most=most)
    if judged and {candidate is None, champion is None, gain is None} == {True, False}:
        raise ContractError(f"{row.where} must have candidate, champion and gain or none of them")
    if not judged and not (champion is None and gain is None):
        raise ContractError(f"{row.where} compares with a champion, evaluation has none")
    return SliceScore(
        name=row.text("name"),
        rows=row.integer("rows", least=0, most=rows),
        candidate=candidate,
        champion=champion,
        gain=None if gain is None else _gain(gain),
    )


def _gain(table: Table) -> Gain:
    gain = Gain(
        value=table.number("value"),
        low=table.number("low"),
        high=table.number("high"),
        confidence=table.number("confidence"),
        samples=table.integer("samples", least=1),
    )
    if gain.low > gain.high:
        raise ContractError(f"{table.where} has a low bound {gain.low} above the high {gain.high}")
    return gain
