"""Which window a quality check judges, whether it waits for more, and what the ledger says."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts import moment
from contracts.card import ModelCard
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.quality_report import (
    Counts,
    LabelAside,
    QualityReport,
    QualityVerdict,
    Silence,
    VersionQuality,
)
from quality.answers import Span
from quality.join import Fates
from quality.verdict import Judgement

_WAITING = frozenset(
    {Silence.TOO_FEW_ROWS, Silence.TOO_FEW_UNITS, Silence.ONE_CLASS, Silence.UNMEASURABLE}
)
"""What a longer window may cure; labels that did not come in time never will."""
_LONGEST_WAIT = timedelta(days=366)


def window(card: ModelCard, judged_until: datetime, as_of: datetime) -> Span | None:
    """Return the answers since the last verdict whose labels are all due; None when there are none.

    Whole seconds, as documents write them, so that adjoining windows share no answer.
    """
    waited = timedelta(days=card.label_window_days)
    lateness = timedelta(hours=card.quality.lateness_hours)
    end = (as_of - waited - lateness).replace(microsecond=0)
    if end <= judged_until:
        return None
    return Span(start=judged_until, end=end, label_window=waited, lateness=lateness)


def waits(span: Span, versions: Sequence[VersionQuality]) -> bool:
    """Whether the next check judges these answers together with later ones.

    Not when any version has its verdict: what is left of the others will not grow. And not for
    ever: every check reads its window again.
    """
    silences = [version.silence for version in versions]
    small = any(silence in _WAITING for silence in silences)
    judged = any(silence is None or silence is Silence.NO_REFERENCE for silence in silences)
    return small and not judged and span.end - span.start < _LONGEST_WAIT


def of_version(version: int, fates: Fates, judgement: Judgement) -> VersionQuality:
    return VersionQuality(
        version=version,
        counts=Counts(
            answers={str(fate): count for fate, count in sorted(fates.answers.items()) if count},
            labels={str(fate): count for fate, count in sorted(fates.labels.items()) if count},
        ),
        coverage=fates.coverage,
        verdict=judgement.verdict,
        silence=judgement.silence,
        reason=judgement.reason,
        figures=judgement.figures,
        comparisons=judgement.comparisons,
        aside=tuple(
            LabelAside(
                inference_id=one.inference_id,
                row=one.row,
                at=one.at,
                value=one.value,
                reason=str(one.fate),
            )
            for one in fates.aside
        ),
    )


def whole(versions: Sequence[VersionQuality]) -> tuple[QualityVerdict, str]:
    """Return the verdict of the newest version that has one, or why the newest has none."""
    for version in versions:
        if version.verdict is not QualityVerdict.NO_VERDICT:
            return version.verdict, f"version {version.version}: {version.reason}"
    if not versions:
        return QualityVerdict.NO_VERDICT, "nobody asked in this window"
    return QualityVerdict.NO_VERDICT, f"version {versions[0].version}: {versions[0].reason}"


def worth_a_line(report: QualityReport, last: QualityVerdict | None) -> bool:
    """The ledger gets a fall each time, anything else when it is new, and silence of nobody not."""
    if not report.versions:
        return False
    return report.verdict is QualityVerdict.FALLEN or report.verdict is not last


def ledger_line(report: QualityReport, as_of: datetime, report_uri: str) -> LedgerEntry:
    return LedgerEntry(
        model=report.model,
        at=as_of,
        kind=LedgerKind.QUALITY_CHECKED,
        subject=f"answers until {report.window_end}",
        summary=f"{report.verdict.value.replace('_', ' ')}: {report.reason}",
        details={
            "report_uri": report_uri,
            "window_start": report.window_start,
            "window_end": report.window_end,
            "versions": " ".join(str(version.version) for version in report.versions),
        },
    )


def bounds(span: Span) -> tuple[str, str]:
    return moment.render(span.start), moment.render(span.end)
