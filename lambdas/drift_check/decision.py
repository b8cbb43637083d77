"""Which window a check looks at, and what its report and the ledger say."""

from datetime import datetime, timedelta

from contracts import moment
from contracts.baseline import Baseline
from contracts.card import ModelCard
from contracts.drift_report import DriftReport, DriftVerdict
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Champion
from drift.verdict import Judgement
from lambdas.drift_check.span import Span

LATENESS = timedelta(minutes=5)
"""Captures are uploaded after the fact: a record is waited for this long before its window ends.

A window by event time would otherwise lose what is uploaded after its check. SageMaker uploads
when a buffer is full or some time has passed, and names no bound.
"""


def window(champion: Champion, judged_until: datetime, as_of: datetime) -> Span | None:
    """The span since the last verdict; None when it is empty, as for a repeated event."""
    end = as_of - LATENESS
    if end <= judged_until:
        return None
    return Span(start=judged_until, end=end, version=champion.version)


def unfit(baseline: Baseline, card: ModelCard) -> str | None:
    """Say why the baseline can't be compared with requests of this card, if so."""
    found = [feature.name for feature in baseline.features]
    wanted = [feature.name for feature in card.features]
    if baseline.model != card.name:
        return f"the baseline is of model {baseline.model!r}, not {card.name!r}"
    if found != wanted:
        return f"the baseline's features are {found}, the card's {wanted}"
    return None


def no_verdict(reason: str, *, rows: int = 0) -> Judgement:
    """No answer is an answer of its own: never "no drift"."""
    return Judgement(
        rows=rows,
        verdict=DriftVerdict.NO_VERDICT,
        reason=reason,
        drifted_share=None,
        features=(),
    )


def report_of(card: ModelCard, span: Span, judgement: Judgement, refused: int) -> DriftReport:
    return DriftReport(
        model=card.name,
        version=span.version,
        window_start=moment.render(span.start),
        window_end=moment.render(span.end),
        rows=judgement.rows,
        refused_records=refused,
        verdict=judgement.verdict,
        reason=judgement.reason,
        drifted_share=judgement.drifted_share,
        features=judgement.features,
    )


def worth_a_line(verdict: DriftVerdict, last: DriftVerdict | None) -> bool:
    """The ledger gets drift each time, and anything else only when it is new."""
    return verdict is DriftVerdict.DRIFT or verdict is not last


def ledger_line(report: DriftReport, as_of: datetime, report_uri: str) -> LedgerEntry:
    return LedgerEntry(
        model=report.model,
        at=as_of,
        kind=LedgerKind.DRIFT_CHECKED,
        subject=f"version {report.version} until {report.window_end}",
        summary=f"{report.verdict.value.replace('_', ' ')} on {report.rows} rows: {report.reason}",
        details={
            "report_uri": report_uri,
            "window_start": report.window_start,
            "window_end": report.window_end,
            "refused_records": str(report.refused_records),
        },
    )
