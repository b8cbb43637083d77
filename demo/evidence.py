"""Reads the evidence that runs and drift checks left in the reports bucket."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import layout, moment
from contracts.evaluation import EvaluationReport, parse_evaluation
from contracts.ledger import LedgerEntry, LedgerKind
from perennial.deployed import Deployed
from reports.story import DriftCheck, Verdict

_JUDGED = {
    LedgerKind.CANDIDATE_APPROVED,
    LedgerKind.CANDIDATE_REJECTED,
    LedgerKind.CANDIDATE_PENDING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    s3: Any
    deployed: Deployed

    def verdicts(self, entries: list[LedgerEntry]) -> tuple[Verdict, ...]:
        """Return what the gate decided, in the order it did."""
        return tuple(self._verdict(each) for each in entries if each.kind in _JUDGED)

    def drift_checks(self) -> tuple[DriftCheck, ...]:
        """Return the checks that reached a verdict, oldest first."""
        prefix = layout.drift_report_key(self.deployed.model, "").removesuffix(".json")
        reports = [self._json(key) for key in self._keys(prefix)]
        checks = (
            DriftCheck(
                at=moment.parse(report["window_end"], "window_end"), share=report["drifted_share"]
            )
            for report in reports
            if report["drifted_share"] is not None
        )
        return tuple(sorted(checks, key=_when))

    def _verdict(self, entry: LedgerEntry) -> Verdict:
        run, model = entry.subject, self.deployed.model
        verdict = self._json(layout.verdict_key(model, run))
        report = self._evaluation(f"{layout.evaluation_prefix(model, run)}evaluation.json")
        gain = report.gain
        return Verdict(
            at=entry.at,
            version=version_of(entry),
            outcome=verdict["verdict"],
            candidate=report.candidate.metrics[report.metric],
            champion=None if report.champion is None else report.champion.metrics[report.metric],
            gain=None if gain is None else gain.value,
            low=None if gain is None else gain.low,
            high=None if gain is None else gain.high,
            reason=verdict["reason"],
        )

    def _evaluation(self, key: str) -> EvaluationReport:
        return parse_evaluation(self._json(key))

    def _json(self, key: str) -> Any:
        body = self.s3.get_object(Bucket=self.deployed.reports_bucket, Key=key)["Body"]
        return json.loads(body.read())

    def _keys(self, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.deployed.reports_bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", ())]


def version_of(entry: LedgerEntry) -> int:
    """Return the version in the line's model package ARN (``…/churn-dev/3``)."""
    return int(entry.details["model_package_arn"].rpartition("/")[2])


def _when(check: DriftCheck) -> datetime:
    return check.at
