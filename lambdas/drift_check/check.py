"""One drift check: read the window, judge it, publish, and only then move the watermark."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts import layout
from contracts.baseline import Baseline, parse_baseline
from contracts.card import ModelCard
from contracts.drift_report import DriftReport, DriftVerdict
from contracts.errors import ContractError
from contracts.run import Champion
from drift.verdict import Judgement, judge_counts
from drift.window import Window
from lambdas.adapters.captures import Captures
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import DocumentMissing, Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.drift_check import decision
from lambdas.drift_check.capture_gap import Answered, gap
from lambdas.drift_check.figures import Figures
from lambdas.drift_check.reading import count_captures
from lambdas.drift_check.span import Span
from lambdas.drift_check.watermark import Mark, Watermark

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCheck:
    card: ModelCard
    reports_bucket: str
    champion: ChampionPointer
    watermark: Watermark
    captures: Captures
    answered: Answered
    documents: Documents
    figures: Figures
    ledger: Ledger

    def run(self, as_of: datetime) -> dict[str, Any]:
        champion = self.champion.read()
        if champion is None:
            return _skipped("there is no champion yet")
        mark = self.watermark.read(champion)
        span = decision.window(champion, mark.judged_until, as_of)
        if span is None:
            return _skipped("the captures up to this check's time are judged already")
        judgement, refused = self._judge(champion, span, mark, as_of)
        report = decision.report_of(self.card, span, judgement, refused)
        self._publish(report, as_of, mark)
        judged = report.verdict is not DriftVerdict.NO_VERDICT
        self.watermark.move(
            champion,
            until=span.end if judged else span.start,
            looked=span.end,
            verdict=report.verdict,
        )
        logger.info("%s version %d: %s", self.card.name, span.version, report.reason)
        return {"verdict": report.verdict.value, "reason": report.reason, "rows": report.rows}

    def _judge(
        self, champion: Champion, span: Span, mark: Mark, as_of: datetime
    ) -> tuple[Judgement, int]:
        baseline = self._baseline(champion)
        if isinstance(baseline, str):
            return decision.no_verdict(baseline), 0
        window = Window(baseline)
        features = [feature.name for feature in self.card.features]
        lately = replace(span, start=min(mark.looked_until, span.end))
        counted = count_captures(self.captures, span, features, window, lately=lately)
        self._compare_captures(counted.captured, lately, as_of)
        judgement = judge_counts(baseline, window.counts, window.rows, self.card.drift)
        return judgement, counted.refused

    def _compare_captures(self, captured: int, span: Span, as_of: datetime) -> None:
        """Of each moment once, also in a window that is too small for a verdict and grows."""
        missing = gap(
            captured,
            self.answered.count(span.start, span.end),
            percent=self.card.serving.capture_percent,
        )
        if missing is not None:
            self.figures.publish_gap(self.card.name, missing, as_of=as_of)

    def _baseline(self, champion: Champion) -> Baseline | str:
        """The champion's baseline, or why there is none to compare with."""
        try:
            baseline = parse_baseline(self.documents.read_json(champion.baseline_uri))
        except (DocumentMissing, ContractError) as error:
            return f"no baseline to compare with: {error}"
        return decision.unfit(baseline, self.card) or baseline

    def _publish(self, report: DriftReport, as_of: datetime, mark: Mark) -> None:
        key = layout.drift_report_key(self.card.name, report.window_end)
        self.figures.publish(report, as_of=as_of)
        self.documents.write(self.reports_bucket, key, render(report.document()))
        if decision.worth_a_line(report.verdict, mark.last_verdict):
            uri = layout.s3_uri(self.reports_bucket, key)
            self.ledger.append(decision.ledger_line(report, as_of, uri))


def _skipped(reason: str) -> dict[str, Any]:
    logger.info("no check: %s", reason)
    return {"verdict": DriftVerdict.NO_VERDICT.value, "reason": reason, "rows": 0}
