"""One quality check: join the window, judge it, publish, and only then move the watermark."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import layout
from contracts.baseline import parse_baseline
from contracts.card import ModelCard, QualitySlice
from contracts.errors import ContractError
from contracts.quality_report import QualityReport, QualityVerdict, VersionQuality
from contracts.run import Champion
from lambdas.adapters.captures import Captures
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import DocumentMissing, Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.quality_check import decision
from lambdas.quality_check.figures import Figures
from lambdas.quality_check.memory import Mark, Versions, Watermark
from lambdas.quality_check.reading import Read, read_window
from lambdas.quality_check.truth import Truth
from quality.answers import Span
from quality.slices import slices_of
from quality.verdict import judge
from quality.window import window_of

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCheck:
    card: ModelCard
    reports_bucket: str
    champion: ChampionPointer
    watermark: Watermark
    versions: Versions
    captures: Captures
    truth: Truth
    documents: Documents
    figures: Figures
    ledger: Ledger

    def run(self, as_of: datetime) -> dict[str, Any]:
        champion = self.champion.read()
        if champion is None:
            return _skipped("there is no champion yet")
        self.versions.note(champion)
        mark = self.watermark.read(champion)
        span = decision.window(self.card, mark.judged_until, as_of)
        if span is None:
            return _skipped("no answer's labels are due that no check has judged")
        slices = self._slices(champion)
        read = read_window(self.captures, self.truth, self.card, slices, span, as_of)
        versions = [
            self._judge(version, read, slices, span, as_of)
            for version in sorted(read.joins, reverse=True)
        ]
        report = self._report(span, read, versions)
        self._publish(report, as_of, mark)
        waits = decision.waits(span, versions)
        self.watermark.move(span.start if waits else span.end, report.verdict)
        logger.info("%s: %s", self.card.name, report.reason)
        return {"verdict": report.verdict.value, "reason": report.reason}

    def _judge(
        self,
        version: int,
        read: Read,
        slices: tuple[QualitySlice, ...],
        span: Span,
        as_of: datetime,
    ) -> VersionQuality:
        quality = self.card.quality
        joined = read.joins[version].result(as_of)
        window = window_of(self.card.task, quality, joined, [one.name for one in slices])
        past = self.versions.past(version, quality.metric, before=span.start)
        judgement = judge(self.card.task, quality, window, past)
        if judgement.estimates:
            estimates = dict(judgement.estimates)
            self.versions.add(version, estimates, start=span.start, end=span.end)
        return decision.of_version(version, joined.fates, judgement)

    def _slices(self, champion: Champion) -> tuple[QualitySlice, ...]:
        """The quarters of automatic slices are those of the champion's training data."""
        if not self.card.quality.automatic_slices:
            return self.card.quality.slices
        try:
            baseline = parse_baseline(self.documents.read_json(champion.baseline_uri))
        except (DocumentMissing, ContractError) as error:
            logger.warning("no automatic slices: %s", error)
            baseline = None
        return slices_of(self.card.quality, baseline)

    def _report(self, span: Span, read: Read, versions: list[VersionQuality]) -> QualityReport:
        verdict, reason = decision.whole(versions)
        start, end = decision.bounds(span)
        return QualityReport(
            model=self.card.name,
            window_start=start,
            window_end=end,
            metric=self.card.quality.metric,
            refused_records=read.refused_records,
            refused_labels=read.refused_labels,
            other_labels=read.other_labels,
            verdict=verdict,
            reason=reason,
            versions=tuple(versions),
        )

    def _publish(self, report: QualityReport, as_of: datetime, mark: Mark) -> None:
        key = layout.quality_report_key(self.card.name, report.window_end)
        self.figures.publish(report, as_of=as_of)
        self.documents.write(self.reports_bucket, key, render(report.document()))
        if decision.worth_a_line(report, mark.last_verdict):
            uri = layout.s3_uri(self.reports_bucket, key)
            self.ledger.append(decision.ledger_line(report, as_of, uri))


def _skipped(reason: str) -> dict[str, Any]:
    logger.info("no check: %s", reason)
    return {"verdict": QualityVerdict.NO_VERDICT.value, "reason": reason}
