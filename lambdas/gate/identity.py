"""Whether the evidence is of this run, this artifact, and the champion that serves now."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from contracts.card import ModelCard
from contracts.evaluation import EvaluationReport
from contracts.run import Champion, RunRequest
from lambdas.gate.criterion import Criterion, same


def identity(
    report: EvaluationReport,
    request: RunRequest,
    metadata: Mapping[str, str],
    card: ModelCard,
    champion_now: Champion | None,
) -> Iterator[Criterion]:
    """``metadata`` is what the registry holds about the candidate."""
    candidate, champion, admitted = report.candidate, report.champion, request.champion
    yield same("run", report.run_id, request.run_id)
    yield same("as of", report.as_of, request.document()["as_of"])
    yield same("metric", report.metric, card.evaluation.metric)
    yield _closed(report.holdout.snapshot_date, card.label_window_days, request.as_of)
    yield same("candidate artifact", candidate.artifact_sha256, metadata.get("artifact_sha256"))
    yield same("candidate manifest", candidate.manifest_sha256, metadata.get("manifest_sha256"))
    yield same(
        "champion artifact",
        None if champion is None else champion.artifact_sha256,
        None if admitted is None else admitted.artifact_sha256,
    )
    yield same(
        "champion manifest",
        None if champion is None else champion.manifest_sha256,
        None if admitted is None else admitted.manifest_sha256,
    )
    # A promotion or a rollback meanwhile: the candidate was compared with what serves no more.
    yield same("champion that serves now", _named(champion_now), _named(admitted))


def _named(champion: Champion | None) -> str | None:
    if champion is None:
        return None
    return f"version {champion.version} with artifact {champion.artifact_sha256}"


def _closed(snapshot_date: str, window_days: int, as_of: datetime) -> Criterion:
    """Labels are known when their window has ended; an earlier hold-out is of the future."""
    try:
        day = date.fromisoformat(snapshot_date)
        ended = day <= as_of.date() - timedelta(days=window_days)
    except (ValueError, OverflowError):
        ended = False
    return Criterion(
        name="hold-out date",
        value=snapshot_date,
        bound=f"{window_days} days or more before {as_of:%Y-%m-%d}",
        passed=ended,
    )
