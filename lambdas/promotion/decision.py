"""What a promotion may do: refuse, create, update, wait or nothing, and how it ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from contracts import naming
from contracts.card import ModelCard
from contracts.reading import Table
from contracts.run import RunRequest
from lambdas.promotion.facts import Endpoint, Version


class PromotionRefused(Exception):
    """The version must not be deployed. The name is the execution's error."""


class CandidateRolledBack(Exception):
    """The endpoint went back to what served before. The name is the execution's error."""


class EndpointUnsettled(Exception):
    """The endpoint is neither on the candidate nor back: nobody may conclude anything yet."""


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    WAIT = "wait"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the promotion machine carries from step to step."""

    deployment: str
    endpoint: str
    action: Action
    reason: str
    alarms: tuple[str, ...]
    capacity: str
    previous: str
    """The configuration that served when the plan was made; empty before the first."""
    version: int
    golden_uri: str

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "action": self.action.value, "alarms": list(self.alarms)}


def parse_plan(document: object) -> Plan:
    table = Table.of(document, "plan")
    return Plan(
        deployment=table.text("deployment"),
        endpoint=table.text("endpoint"),
        action=table.choice("action", Action),
        reason=table.text("reason"),
        alarms=tuple(str(name) for name in table.content.get("alarms", ())),
        capacity=str(table.content.get("capacity", "")),
        previous=str(table.content.get("previous", "")),
        version=table.integer("version", least=1),
        golden_uri=table.text("golden_uri"),
    )


def refuse_unfit(
    version: Version, request: RunRequest, *, environment: str, artifact_sha256: str
) -> None:
    """Raise unless the version is approved, of this environment, and made of what it says."""
    facts: Mapping[str, tuple[str, str]] = {
        "approval": (version.status, "Approved"),
        "environment": (version.fact("environment"), environment),
        "request's environment": (request.environment, environment),
        "artifact's sha256": (artifact_sha256, version.fact("artifact_sha256")),
        "image": (version.image_uri.rpartition("@")[2], version.fact("image_digest")),
    }
    for name, (found, wanted) in facts.items():
        if found != wanted:
            raise PromotionRefused(
                f"version {version.number}: the {name} is {found!r}, must be {wanted!r}"
            )


def overtaken(request: RunRequest, newest: int) -> str:
    return (
        f"{request.run_id} holds token {request.fencing_token}, and a run with token {newest} has "
        "promoted since: its champion is newer than the one this candidate was compared with"
    )


_BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "Failed")


def action_for(endpoint: Endpoint | None, deployment: str) -> tuple[Action, str]:
    if endpoint is None:
        return Action.CREATE, "there is no endpoint yet"
    if endpoint.status in _BUSY:
        return Action.WAIT, f"endpoint {endpoint.name} is {endpoint.status}"
    if endpoint.status != "InService":
        raise PromotionRefused(
            f"endpoint {endpoint.name} is {endpoint.status} ({endpoint.failure}), "
            "must be InService or absent"
        )
    if endpoint.config == deployment:
        return Action.NONE, f"endpoint {endpoint.name} already serves {deployment}"
    return Action.UPDATE, f"endpoint {endpoint.name} serves {endpoint.config}"


def instances(card: ModelCard, endpoint: Endpoint | None) -> tuple[int, str]:
    """As many as serve now, at least the card's: scaling stands still while an endpoint updates."""
    now = 0 if endpoint is None else endpoint.instances
    count = max(card.serving.instance_count, now)
    reason = f"card says {card.serving.instance_count}, endpoint has {now}"
    return count, f"{count} instances of {card.serving.instance_type} ({reason})"


def is_promoted(endpoint: Endpoint | None, plan: Plan) -> bool:
    """Whether the candidate serves; raises while the endpoint is still changing."""
    if endpoint is not None and endpoint.status in _BUSY and endpoint.status != "Failed":
        raise EndpointUnsettled(f"endpoint {endpoint.name} is still {endpoint.status}")
    return (
        endpoint is not None
        and endpoint.status == "InService"
        and endpoint.config == plan.deployment
    )


def why_rolled_back(endpoint: Endpoint | None, plan: Plan, alarm: str | None) -> str:
    if endpoint is None:
        stands = f"endpoint {plan.endpoint} does not exist"
    else:
        stands = f"endpoint {endpoint.name} is {endpoint.status} on {endpoint.config}"
    causes = [cause for cause in (alarm, None if endpoint is None else endpoint.failure) if cause]
    return f"version {plan.version} does not serve: {'; '.join([*causes, stands])}"


def deployment_name(request: RunRequest, version: Version) -> str:
    """Named after the run that asked for it: a redrive promotes the same deployment again."""
    return naming.deployment(request.model, request.environment, version.number, request.run_id)
