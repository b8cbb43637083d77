"""Last step of a batch: every row has its answer, which the record and the ledger say."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from contracts import layout, moment
from contracts.batch import (
    BatchFormat,
    BatchPlan,
    BatchRecord,
    BatchRequest,
    parse_batch_plan,
    parse_batch_request,
)
from contracts.card import ModelCard
from contracts.ledger import LedgerEntry, LedgerKind
from lambdas.adapters import wiring
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.batch_scoring import decision
from lambdas.batch_scoring.decision import RowsMissing
from lambdas.batch_scoring.files import Files

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return _verifier().verify(
        parse_batch_request(event["request"]), parse_batch_plan(event["plan"])
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    card: ModelCard
    files: Files
    documents: Documents
    ledger: Ledger

    def verify(self, request: BatchRequest, plan: BatchPlan) -> dict[str, Any]:
        prefix, names = self.files.read_manifest(plan.manifest)
        asked = {name: self._asked(f"{prefix}{name}", plan.format) for name in names}
        answered = {name: self._answered(f"{plan.output}/{name}.out", plan) for name in names}
        decision.refuse_missing(asked, answered, version=plan.version)
        reason = decision.summary(asked, plan.version)
        self._record(request, plan, asked)
        self._note(request, plan, asked, reason)
        logger.info("%s: %s", plan.batch_id, reason)
        return {
            "outcome": "scored",
            "reason": reason,
            "version": plan.version,
            "rows": sum(asked.values()),
            "output": plan.output,
        }

    def _asked(self, uri: str, kind: BatchFormat) -> int:
        rows = 0
        names = [feature.name for feature in self.card.features]
        for number, line in enumerate(self.files.lines(uri)):
            first = kind is BatchFormat.CSV and number == 0
            header = first and decision.has_header(line.decode(), names, where=uri)
            rows += not header
        return rows

    def _answered(self, uri: str, plan: BatchPlan) -> int:
        rows = 0
        for rows, line in enumerate(self.files.lines(uri), start=1):
            version = json.loads(line).get("model_version")
            if version != str(plan.version):
                raise RowsMissing(
                    f"{uri}: row {rows} must be answered by version {plan.version}, was by "
                    f"{version}"
                )
        return rows

    def _record(self, request: BatchRequest, plan: BatchPlan, rows: Mapping[str, int]) -> None:
        bucket, key = layout.split_s3_uri(plan.manifest)
        record = BatchRecord(
            batch_id=plan.batch_id,
            model=self.card.name,
            version=plan.version,
            model_name=plan.model_name,
            as_of=moment.render(request.as_of),
            input=request.input,
            output=plan.output,
            rows=rows,
        )
        folder = key.rpartition("/")[0]
        self.documents.write(bucket, f"{folder}/batch.json", render(record.document()))

    def _note(
        self, request: BatchRequest, plan: BatchPlan, rows: Mapping[str, int], reason: str
    ) -> None:
        self.ledger.append(
            LedgerEntry(
                model=self.card.name,
                at=request.as_of,
                kind=LedgerKind.BATCH_SCORED,
                subject=plan.batch_id,
                summary=reason,
                details={
                    "cause": f"{request.cause.kind}: {request.cause.detail}",
                    "input": request.input,
                    "output": plan.output,
                    "deployment": plan.model_name,
                    "rows": str(sum(rows.values())),
                    "files": str(plan.files),
                },
            )
        )


@cache
def _verifier() -> Verifier:
    return Verifier(
        card=wiring.model_card(),
        files=Files(wiring.client("s3")),
        documents=wiring.documents(),
        ledger=wiring.ledger(),
    )
