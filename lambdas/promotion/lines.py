"""The ledger's lines about a promotion."""

import logging
from dataclasses import dataclass
from datetime import datetime

from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import RunRequest
from lambdas.adapters.ledger import Ledger
from lambdas.promotion.facts import Version
from lambdas.promotion.plan_document import Plan

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    ledger: Ledger

    def note(
        self,
        kind: LedgerKind,
        request: RunRequest,
        plan: Plan,
        version: Version,
        at: datetime,
        summary: str,
        details: dict[str, str],
    ) -> None:
        self.note_deployment(kind, request, plan.deployment, version, at, summary, details)

    def note_deployment(
        self,
        kind: LedgerKind,
        request: RunRequest,
        deployment: str,
        version: Version,
        at: datetime,
        summary: str,
        details: dict[str, str],
    ) -> None:
        self.ledger.append(
            LedgerEntry(
                model=request.model,
                at=at,
                kind=kind,
                subject=deployment,
                summary=summary,
                details={
                    "run_id": request.run_id,
                    "cause": f"{request.cause.kind}: {request.cause.detail}",
                    "model_package_arn": version.arn,
                    **details,
                },
            )
        )
        logger.info("%s %s: %s", deployment, kind, summary)
