"""First step of a promotion: verify the version, prepare its deployment, say what comes next."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from contracts import layout, naming, state
from contracts.card import ModelCard
from contracts.environment import Variable
from contracts.run import RunRequest, parse_request
from lambdas.adapters import wiring
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents
from lambdas.adapters.leases import Leases
from lambdas.promotion import decision
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.decision import Action, Plan, PromotionRefused
from lambdas.promotion.deployments import Deployments, Hosting
from lambdas.promotion.endpoints import Endpoints
from lambdas.promotion.facts import Endpoint, Version
from lambdas.promotion.registry import Registry

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_LEASE = timedelta(hours=12)
"""Settlement frees it much earlier; this is for a lost end."""


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return (
        _planner()
        .plan(
            parse_request(event["request"]),
            package_arn=event["package"]["model_package_arn"],
            execution_id=event["execution_id"],
        )
        .document()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    card: ModelCard
    environment: str
    registry: Registry
    documents: Documents
    endpoints: Endpoints
    deployments: Deployments
    alarms: RollbackAlarms
    leases: Leases
    champion: ChampionPointer

    def plan(self, request: RunRequest, *, package_arn: str, execution_id: str) -> Plan:
        version = self.registry.version(package_arn)
        if (newest := self.champion.moved_under()) > request.fencing_token:
            raise PromotionRefused(decision.overtaken(request, newest))
        endpoint = self.endpoints.find(naming.endpoint(self.card.name, self.environment))
        deployment = decision.deployment_name(request, version)
        action, reason = decision.action_for(endpoint, deployment)
        if (holder := self._other_promotion(request, execution_id)) is not None:
            action, reason = Action.WAIT, f"another promotion is under way: {holder}"
        elif endpoint is not None and endpoint.status == "Failed":
            self.endpoints.delete_failed(endpoint.name)
        if action in (Action.CREATE, Action.UPDATE):
            self._prepare(request, version, endpoint, deployment)
        plan = self._plan(version, endpoint, deployment, action, reason)
        logger.info("%s %s: %s", plan.deployment, plan.action, plan.reason)
        return plan

    def _other_promotion(self, request: RunRequest, execution_id: str) -> str | None:
        """Take the lease on the endpoint; return who else holds it."""
        held = self.leases.current()
        after = held if held is not None and held.expired(request.as_of) else None
        if held is None or after is not None:
            until = request.as_of + _LEASE
            self.leases.take(execution_id, as_of=request.as_of, until=until, after=after)
            held = self.leases.current()
        if held is None:  # taken and freed by another between the two calls
            return "one that has just ended"
        return None if held.owner == execution_id else held.owner

    def _prepare(
        self, request: RunRequest, version: Version, endpoint: Endpoint | None, deployment: str
    ) -> None:
        archive = self.documents.hash(*layout.split_s3_uri(version.model_data_url))
        decision.refuse_unfit(
            version, request, environment=self.environment, artifact_sha256=archive.sha256
        )
        count, _ = decision.instances(self.card, endpoint)
        self.deployments.ensure(deployment, version, instances=count)
        self.alarms.ensure(
            deployment,
            endpoint=naming.endpoint(self.card.name, self.environment),
            max_5xx=self.card.rollout.max_5xx,
        )

    def _plan(
        self,
        version: Version,
        endpoint: Endpoint | None,
        deployment: str,
        action: Action,
        reason: str,
    ) -> Plan:
        return Plan(
            deployment=deployment,
            endpoint=naming.endpoint(self.card.name, self.environment),
            action=action,
            reason=reason,
            alarms=(naming.rollback_alarm(deployment, "5xx"),),
            capacity=decision.instances(self.card, endpoint)[1],
            previous="" if endpoint is None else endpoint.config,
            version=version.number,
            golden_uri=version.fact("golden_uri"),
        )


@cache
def _planner() -> Planner:
    card, sagemaker = wiring.model_card(), wiring.client("sagemaker")
    hosting = Hosting(
        card=card,
        role_arn=wiring.setting(Variable.ENDPOINT_ROLE_ARN),
        captures_bucket=wiring.setting(Variable.CAPTURES_BUCKET),
        key_arn=wiring.setting(Variable.KEY_ARN),
    )
    return Planner(
        card=card,
        environment=wiring.setting(Variable.ENVIRONMENT),
        registry=Registry(sagemaker),
        documents=wiring.documents(),
        endpoints=Endpoints(sagemaker),
        deployments=Deployments(sagemaker, hosting),
        alarms=RollbackAlarms(wiring.client("cloudwatch")),
        leases=Leases(wiring.state_table(), state.promotion_lease(card.name)),
        champion=wiring.champion_pointer(),
    )
