"""One look at a candidate beside the champion: its own errors, times and answers, and the clock."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from contracts import naming
from contracts.card import ModelCard
from lambdas.promotion import blame, decision, symptoms
from lambdas.promotion.blame import Fault
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.errors import DeploymentFailed, EndpointUnsettled
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.hosting import variant_of
from lambdas.promotion.measurements import Measurements
from lambdas.promotion.plan_document import Plan
from lambdas.promotion.seen_shift import SeenShift
from lambdas.promotion.symptoms import Watched

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialWatch:
    card: ModelCard
    environment: str
    endpoints: Endpoints
    measurements: Measurements
    seen_shift: SeenShift

    def look(self, plan: Plan, *, at: datetime) -> dict[str, Any]:
        """Say ``running``, ``over``, ``failed`` (the trial serves) or ``ended`` (it does not)."""
        endpoint, name = self.endpoints.find(plan.endpoint), naming.trial(plan.deployment)
        if endpoint is None:
            raise EndpointUnsettled(f"endpoint {plan.endpoint} is gone in the middle of {name}")
        if endpoint.status in decision.BUSY:
            return self._said(plan, "running", f"endpoint {endpoint.name} is {endpoint.status}")
        if endpoint.config != name:
            return self._said(plan, "ended", self._why_not_begun(endpoint, name))
        reason = self._what_is_wrong(plan, endpoint, at)
        if reason is not None:
            return self._said(plan, "failed", reason)
        until = endpoint.changed_at + timedelta(seconds=self.card.rollout.trial_seconds)
        return self._said(plan, "over" if at >= until else "running", f"the trial ends at {until}")

    def _why_not_begun(self, endpoint: Endpoint, name: str) -> str:
        """It is the candidate's fault unless the platform lacked something."""
        reason = endpoint.failure or "nothing says why"
        found = f"{name} does not run: {reason}; endpoint serves {endpoint.config}"
        if endpoint.failure is None or blame.of_text(endpoint.failure) is Fault.PLATFORM:
            raise DeploymentFailed(found)
        return found

    def _what_is_wrong(self, plan: Plan, endpoint: Endpoint, at: datetime) -> str | None:
        tried = Watched(
            deployment=endpoint.config,
            endpoint=endpoint.name,
            environment=self.environment,
            variant=variant_of(self.card.rollout.trial),
        )
        champion = replace(tried, variant=naming.VARIANT)
        limits, since = self.card.rollout, endpoint.changed_at
        measured = self.measurements
        errors = measured.most_of_a_minute(tried, "Invocation5XXErrors", "Sum", since, at)
        if errors > limits.max_5xx:
            return f"{errors:g} answers of a minute were 5xx, allowed are {limits.max_5xx}"
        tail = measured.most_of_a_minute(tried, "ModelLatency", "p99", since, at) / 1000
        if tail > limits.max_latency_ms:
            return f"p99 was {tail:.4g} ms, allowed are {limits.max_latency_ms:g}"
        median = measured.median_ms(tried, at)
        allowed = symptoms.median_limit_ms(self.card, measured.median_ms(champion, at))
        if median is not None and median > allowed:
            return f"the median was {median:.4g} ms, allowed are {allowed:.4g}"
        shift = self.seen_shift.of(plan, since=since, at=at, variant=tried.variant)
        return shift.sentence() if (shift.multiple or 0) > 1 else None

    def _said(self, plan: Plan, verdict: str, reason: str) -> dict[str, Any]:
        logger.info("trial of %s %s: %s", plan.deployment, verdict, reason)
        return {"verdict": verdict, "reason": f"as {self.card.rollout.trial}: {reason}"}
