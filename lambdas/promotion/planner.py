"""The plan of a promotion, made anew whenever something may have changed meanwhile."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts import moment, naming, rollback
from contracts.card import ModelCard, ServingMode
from contracts.ledger import LedgerKind
from contracts.run import Purpose, RunRequest
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.promotion import decision, fitness, symptoms, trial_course
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.deployments import Deployments
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.errors import CandidateUnfit, PromotionRefused
from lambdas.promotion.facts import Endpoint, Version
from lambdas.promotion.inspection import Inspection
from lambdas.promotion.lines import Lines
from lambdas.promotion.measurements import Measurements
from lambdas.promotion.plan_document import CHANGES, Action, Plan, Progress
from lambdas.promotion.registry import Registry
from lambdas.promotion.symptoms import Watched

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_LEASE = timedelta(hours=12)
"""Settlement frees it much earlier; this is for a lost end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    card: ModelCard
    environment: str
    registry: Registry
    inspection: Inspection
    endpoints: Endpoints
    deployments: Deployments
    alarms: RollbackAlarms
    measurements: Measurements
    leases: Leases
    champion: ChampionPointer
    ledger: Ledger

    def plan(
        self, request: RunRequest, *, package_arn: str, progress: Progress, at: datetime
    ) -> Plan:
        version = self.registry.version(package_arn)
        if (newest := self.champion.moved_under()) > request.fencing_token:
            raise PromotionRefused(fitness.overtaken(request, newest))
        endpoint = self.endpoints.find(naming.endpoint(self.card.name, self.environment))
        served = self._served_as(request, version)
        deployment = served or naming.deployment(
            request.model, request.environment, version.number, request.run_id
        )
        action, reason = self._course(request, endpoint, deployment, progress)
        if action is Action.WAIT:
            decision.refuse_endless_wait(self.card, progress, reason)
        if action in (*CHANGES, Action.END_TRIAL):
            decision.refuse_to_call_again(progress.failure)
        if action in CHANGES:
            self.inspection.refuse_unwanted(request, deployment)
            if not progress.smoked:  # nothing of it was verified by this execution yet
                self._refuse_unfit(request, version, deployment, has_served=served is not None)
            self._prepare(request, version, endpoint, deployment, at)
            if action is Action.TRY and endpoint is not None:
                self.deployments.ensure_trial(
                    deployment, version, champion=endpoint.config, instances=endpoint.instances
                )
        plan = self._plan(request, version, endpoint, deployment, action, reason, progress)
        logger.info("%s %s: %s", plan.deployment, plan.action, plan.reason)
        return plan

    def _course(
        self, request: RunRequest, endpoint: Endpoint | None, deployment: str, progress: Progress
    ) -> tuple[Action, str]:
        if (holder := self._other_promotion(request, progress.execution_id)) is not None:
            return Action.WAIT, f"another promotion is under way: {holder}"
        if self.card.serving.mode is ServingMode.BATCH:
            return Action.MODEL, decision.without_endpoint(endpoint)
        action, reason = trial_course.course(
            endpoint,
            deployment,
            wanted=trial_course.is_wanted(self.card, request),
            over=progress.trialled,
        ) or decision.course(endpoint, deployment, request.purpose, progress.failure)
        if endpoint is not None and endpoint.status == "Failed" and action is Action.WAIT:
            self.endpoints.delete_failed(endpoint.name)
        return action, reason

    def _refuse_unfit(
        self, request: RunRequest, version: Version, deployment: str, *, has_served: bool
    ) -> None:
        """Reject what nothing can put right, unless it served or serves: that is for a person."""
        try:
            self.inspection.refuse_unfit(request, version, has_served=has_served)
        except CandidateUnfit as unfit:
            champion = self.champion.read()
            serves = champion is not None and champion.model_package_arn == version.arn
            if not (has_served or serves):
                Lines(ledger=self.ledger).note_deployment(
                    LedgerKind.CANDIDATE_REJECTED,
                    request,
                    deployment,
                    version,
                    request.as_of,
                    str(unfit),
                    {"serving": "nothing" if champion is None else champion.deployment},
                )
                self.registry.reject(version.arn, str(unfit))
            raise PromotionRefused(str(unfit)) from unfit

    def _served_as(self, request: RunRequest, version: Version) -> str | None:
        """The deployment that a rollback or a waking goes back to; None for a new one.

        The champion that is put in its own place again gets a new one: whatever became of its
        Model and EndpointConfig, the version says what they must be.
        """
        if request.purpose is Purpose.WAKE:
            champion = self.champion.read()
            if champion is None or champion.model_package_arn != version.arn:
                raise PromotionRefused(
                    f"only the champion is woken, got version {version.number}, the champion is "
                    f"{'none' if champion is None else f'version {champion.version}'}"
                )
            return champion.deployment
        if request.purpose is not Purpose.ROLLBACK:
            return None
        lines = self.ledger.newest_first(self.card.name, rollback.SERVED)
        served = (one for one in rollback.services(lines) if one.model_package_arn == version.arn)
        found = next(served, None)
        now = None if request.champion is None else request.champion.deployment
        return None if found is None or found.deployment == now else found.deployment

    def _other_promotion(self, request: RunRequest, execution_id: str) -> str | None:
        """Take the lease on the endpoint; return who else holds it."""
        held = self.leases.current()
        after = held if held is not None and held.expired(request.as_of) else None
        if held is None or after is not None:
            until = request.as_of + _LEASE + trial_course.length(self.card, request)
            self.leases.take(execution_id, as_of=request.as_of, until=until, after=after)
            held = self.leases.current()
        if held is None:  # taken and freed by another between the two calls
            return "one that has just ended"
        return None if held.owner == execution_id else held.owner

    def _prepare(
        self,
        request: RunRequest,
        version: Version,
        endpoint: Endpoint | None,
        deployment: str,
        at: datetime,
    ) -> None:
        if self.card.serving.mode is ServingMode.BATCH:
            self.deployments.ensure_model(deployment, version)
            return
        count, _ = decision.instances(self.card, endpoint)
        self.deployments.ensure(deployment, version, instances=count)
        name = naming.endpoint(self.card.name, self.environment)
        watched = Watched(deployment=deployment, endpoint=name, environment=self.environment)
        median = None
        if endpoint is not None:
            serving = Watched(
                deployment=endpoint.config, endpoint=name, environment=self.environment
            )
            median = self.measurements.median_ms(serving, at)
        wanted = symptoms.names(deployment, restoring=request.purpose.restores)
        every = symptoms.alarms(watched, self.card, champion_median_ms=median)
        self.alarms.ensure(alarm for alarm in every if alarm["AlarmName"] in wanted)

    def _plan(
        self,
        request: RunRequest,
        version: Version,
        endpoint: Endpoint | None,
        deployment: str,
        action: Action,
        reason: str,
        progress: Progress,
    ) -> Plan:
        restoring = request.purpose.restores
        return Plan(
            deployment=deployment,
            endpoint=naming.endpoint(self.card.name, self.environment),
            action=action,
            reason=reason,
            alarms=()
            if action is Action.MODEL
            else tuple(symptoms.names(deployment, restoring=restoring)),
            capacity=decision.instances(self.card, endpoint)[1],
            previous=self._previous(endpoint, deployment, progress),
            version=version.number,
            golden_uri=version.fact("golden_uri"),
            answers_uri=version.fact("answers_uri"),
            predictions_uri=version.fact("predictions_uri"),
            champions_predictions_uri=self.inspection.of_champion("predictions_uri") or "",
            smoke=not restoring and action in CHANGES and not progress.smoked,
            headroom=decision.headroom(self.card, endpoint, action, progress.headroom),
            own=decision.own_properties(self.card, endpoint),
            seen="" if endpoint is None else moment.render(endpoint.changed_at),
        )

    def _previous(self, endpoint: Endpoint | None, deployment: str, progress: Progress) -> str:
        """An endpoint in the middle of a trial goes back to what the pointer names."""
        now = None if endpoint is None else endpoint.config
        if now is not None and now != deployment and not naming.is_trial(now):
            return now
        champion = self.champion.read()
        return progress.previous or ("" if champion is None else champion.deployment)
