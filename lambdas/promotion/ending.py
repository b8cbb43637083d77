"""How a promotion ends: promoted, with the champion pointer moved, or rolled back."""

import logging
from dataclasses import dataclass
from typing import Any

from contracts.card import ModelCard
from contracts.ledger import LedgerKind
from contracts.run import RunRequest
from lambdas.promotion import blame, decision
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.blame import Fault
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.errors import CandidateRolledBack, DeploymentFailed, SilentRollback
from lambdas.promotion.facts import Endpoint, Version
from lambdas.promotion.last_look import LastLook
from lambdas.promotion.lines import Lines
from lambdas.promotion.plan_document import Action, Plan
from lambdas.promotion.registry import Registry
from lambdas.promotion.succession import Succession

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the machine remembers of the deployment it has watched."""

    redriven: bool
    """Whether this is a redrive after the plan was made: what is not up may be tried again."""
    answered: int
    cause: str
    condemned: str
    """Why promotion itself has gone back; empty when it has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    card: ModelCard
    registry: Registry
    endpoints: Endpoints
    alarms: RollbackAlarms
    last_look: LastLook
    succession: Succession
    lines: Lines

    def conclude(
        self, request: RunRequest, plan: Plan, package_arn: str, seen: Seen
    ) -> dict[str, Any]:
        version = self.registry.version(package_arn)
        if plan.action is Action.MODEL:  # its smoke test was all that could be asked of it
            return self.succession.complete(request, plan, version, request.as_of)
        endpoint = self.endpoints.find(plan.endpoint)
        if endpoint is None or not decision.is_promoted(endpoint, plan):
            return self._not_serving(request, plan, version, endpoint, seen)
        wrong = seen.condemned or self.last_look.verdict(
            plan, answered=seen.answered, since=endpoint.changed_at
        )
        if wrong and not request.purpose.restores:
            return self._return(plan, endpoint, wrong)
        at = endpoint.changed_at
        return self.succession.complete(request, plan, version, at, although=wrong)

    def _return(self, plan: Plan, endpoint: Endpoint, wrong: str) -> dict[str, Any]:
        """Have the machine put back what served; where nothing did, fail and leave it to people."""
        if not plan.previous or plan.previous == plan.deployment:
            raise CandidateRolledBack(
                f"version {plan.version} serves although {wrong}, and there is nothing to go back "
                f"to: endpoint {endpoint.name} stays on {endpoint.config}"
            )
        logger.warning("%s goes back to %s: %s", plan.deployment, plan.previous, wrong)
        return {"outcome": "go_back", "reason": wrong}

    def _not_serving(
        self,
        request: RunRequest,
        plan: Plan,
        version: Version,
        endpoint: Endpoint | None,
        seen: Seen,
    ) -> dict[str, Any]:
        found = blame.blame(
            endpoint,
            plan,
            alarm=self.alarms.why(plan.deployment, since=request.as_of),
            condemned=seen.condemned,
            cause=seen.cause,
        )
        rejected = found.fault is Fault.CANDIDATE or version.status == "Rejected"
        if rejected and not request.purpose.restores:
            self._rolled_back(request, plan, version, endpoint, found.reason)
            raise CandidateRolledBack(found.reason)
        if seen.redriven:
            return {"outcome": "again", "reason": found.reason}
        if found.fault is Fault.UNKNOWN:
            raise SilentRollback(found.reason)
        raise DeploymentFailed(found.reason)

    def _rolled_back(
        self,
        request: RunRequest,
        plan: Plan,
        version: Version,
        endpoint: Endpoint | None,
        reason: str,
    ) -> None:
        """Alarms go last: they are the evidence of an ending that must be repeated."""
        at = request.as_of if endpoint is None else endpoint.changed_at
        serving = {"serving": "nothing" if endpoint is None else endpoint.config}
        self.lines.note(LedgerKind.ROLLED_BACK, request, plan, version, at, reason, serving)
        self.registry.reject(version.arn, reason)
        self.alarms.delete(plan.deployment)
