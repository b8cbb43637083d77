"""The candidate becomes champion: pointer, ledger, scaling, and what the old one leaves behind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import moment
from contracts.card import ModelCard
from contracts.ledger import LedgerKind
from contracts.run import Champion, Purpose, RunRequest
from lambdas.adapters.champion import ChampionPointer
from lambdas.promotion import fitness
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.errors import PromotionRefused
from lambdas.promotion.facts import Version
from lambdas.promotion.lines import Lines
from lambdas.promotion.plan_document import Action, Plan
from lambdas.promotion.scaling import Scaling
from lambdas.promotion.targets import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    card: ModelCard
    champion: ChampionPointer
    alarms: RollbackAlarms
    scaling: Scaling
    targets: Targets
    lines: Lines

    def complete(
        self,
        request: RunRequest,
        plan: Plan,
        version: Version,
        at: datetime,
        *,
        although: str = "",
    ) -> dict[str, Any]:
        """Each part is harmless when done again; the pointer comes first, as others act on it.

        It serves since ``at``.

        ``although`` is what is wrong with a version that a person wants back all the same.
        """
        before = self.champion.read()
        champion = before if request.purpose is Purpose.WAKE else None
        champion = champion or _champion(version, plan, at)
        if not self.champion.move(champion, token=request.fencing_token):
            raise PromotionRefused(fitness.overtaken(request, self.champion.moved_under()))
        kind = LedgerKind.RESTORED if request.purpose.restores else LedgerKind.PROMOTED
        reason = f"version {version.number} serves as {plan.deployment}"
        reason += f", although {although}" if although else ""
        details = {
            "artifact_sha256": champion.artifact_sha256,
            "image_digest": version.fact("image_digest"),
            "replaces": plan.previous or "nothing",
            "scaling": self._scaled(plan),
        }
        self.lines.note(kind, request, plan, version, at, reason, details)
        self.targets.keep(champion)
        if plan.previous and plan.previous != plan.deployment:
            self.alarms.delete(plan.previous)
        return {"outcome": kind.value, "reason": reason, "version": version.number}

    def _scaled(self, plan: Plan) -> str:
        if plan.action is Action.MODEL:
            return "no endpoint"
        return self.scaling.apply(plan.endpoint, self.card)


def _champion(version: Version, plan: Plan, at: datetime) -> Champion:
    return Champion(
        model_package_arn=version.arn,
        version=version.number,
        model_data_url=version.model_data_url,
        artifact_sha256=version.fact("artifact_sha256"),
        manifest_sha256=version.fact("manifest_sha256"),
        baseline_uri=version.fact("baseline_uri"),
        promoted_at=moment.render(at),
        deployment=plan.deployment,
    )
