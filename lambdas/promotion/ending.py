"""How a promotion ends: promoted, with the champion pointer moved, or rolled back."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import moment
from contracts.card import ModelCard
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Champion, RunRequest
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.promotion import decision
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.decision import CandidateRolledBack, Plan, PromotionRefused
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.facts import Endpoint, Version
from lambdas.promotion.probes import Probes, ProbesUnanswered, golden_rows
from lambdas.promotion.registry import Registry

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    card: ModelCard
    registry: Registry
    endpoints: Endpoints
    alarms: RollbackAlarms
    probes: Probes
    documents: Documents
    champion: ChampionPointer
    ledger: Ledger

    def conclude(self, request: RunRequest, plan: Plan, package_arn: str) -> dict[str, Any]:
        version = self.registry.version(package_arn)
        endpoint = self.endpoints.find(plan.endpoint)
        if endpoint is not None and decision.is_promoted(endpoint, plan):
            self._demand_answers(plan)
            return self._promoted(request, plan, version, endpoint)
        reason = decision.why_rolled_back(endpoint, plan, self.alarms.why(plan.deployment))
        self._rolled_back(request, plan, version, endpoint, reason)
        raise CandidateRolledBack(reason)

    def _demand_answers(self, plan: Plan) -> None:
        """Nothing is promoted that has answered nothing: an alarm without traffic never trips."""
        rows = golden_rows(
            self.documents.read(plan.golden_uri), [feature.name for feature in self.card.features]
        )
        count = min(self.card.rollout.min_invocations, 20)
        answers = self.probes.send(
            plan.endpoint, rows, count=count, label=f"{plan.deployment} confirmed"
        )
        if answers.by_version != {str(plan.version): count}:
            raise ProbesUnanswered(
                f"all {count} probes must be answered by version {plan.version}, got "
                f"{dict(answers.by_version)} and {answers.errors} errors ({answers.first_error})"
            )

    def _promoted(
        self, request: RunRequest, plan: Plan, version: Version, endpoint: Endpoint
    ) -> dict[str, Any]:
        champion = Champion(
            model_package_arn=version.arn,
            version=version.number,
            model_data_url=version.model_data_url,
            artifact_sha256=version.fact("artifact_sha256"),
            manifest_sha256=version.fact("manifest_sha256"),
            baseline_uri=version.fact("baseline_uri"),
            promoted_at=moment.render(endpoint.changed_at),
            deployment=plan.deployment,
        )
        if not self.champion.move(champion, token=request.fencing_token):
            raise PromotionRefused(decision.overtaken(request, self.champion.moved_under()))
        if plan.previous and plan.previous != plan.deployment:
            # The old Model and EndpointConfig stay: they are what a person rolls back to.
            self.alarms.delete(plan.previous)
        reason = f"version {version.number} serves as {plan.deployment}"
        details = {
            "artifact_sha256": champion.artifact_sha256,
            "image_digest": version.fact("image_digest"),
            "replaces": plan.previous or "nothing",
        }
        self._note(
            LedgerKind.PROMOTED, request, plan, version, endpoint.changed_at, reason, details
        )
        return {"outcome": "promoted", "reason": reason, "version": version.number}

    def _rolled_back(
        self,
        request: RunRequest,
        plan: Plan,
        version: Version,
        endpoint: Endpoint | None,
        reason: str,
    ) -> None:
        self.registry.reject(version.arn, reason)
        self.alarms.delete(plan.deployment)
        at = request.as_of if endpoint is None else endpoint.changed_at
        serving = {"serving": "nothing" if endpoint is None else endpoint.config}
        self._note(LedgerKind.ROLLED_BACK, request, plan, version, at, reason, serving)

    def _note(
        self,
        kind: LedgerKind,
        request: RunRequest,
        plan: Plan,
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
                subject=plan.deployment,
                summary=summary,
                details={
                    "run_id": request.run_id,
                    "cause": f"{request.cause.kind}: {request.cause.detail}",
                    "model_package_arn": version.arn,
                    **details,
                },
            )
        )
        logger.info("%s %s: %s", plan.deployment, kind, summary)
