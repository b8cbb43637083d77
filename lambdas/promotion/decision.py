"""What a promotion does next, as the endpoint stands."""

from math import ceil

from contracts import moment, naming
from contracts.card import ModelCard
from contracts.run import Purpose
from lambdas.promotion.errors import EndpointBusy, EndpointUnsettled, PromotionRefused
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.plan_document import Action, Failure, Plan, Progress

BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
WAIT_SECONDS = 30
_PATIENCE_SECONDS = 3600
"""Beyond the longest shift: instances found, and what else may change an endpoint."""
_MOST_CALLS = 5
"""Of one redrive, before a call that is refused again and again is given up."""


def course(
    endpoint: Endpoint | None, deployment: str, purpose: Purpose, failure: Failure | None
) -> tuple[Action, str]:
    """Say what to do and why; every call that changes the endpoint comes back here if it fails.

    The reply to a call may be lost after it took effect, or its repetition be refused ("Cannot
    update in-progress endpoint"): the endpoint then tells that the deployment is under way.
    """
    if endpoint is None:
        return Action.CREATE, "there is no endpoint"
    stands = f"endpoint {endpoint.name} is {endpoint.status} on {endpoint.config}"
    if endpoint.status in BUSY:
        ours = deployment in (endpoint.pending, _being_made(endpoint))
        return (Action.WATCH if ours else Action.WAIT), stands
    moved = failure is not None and moment.render(endpoint.changed_at) != failure.seen
    tried = moved and any(alarm.startswith(deployment) for alarm in endpoint.last_alarms)
    if endpoint.status == "Failed":
        ended = moved and endpoint.config == deployment
        return (Action.WATCH if ended else Action.WAIT), f"{stands}: {endpoint.failure}"
    if endpoint.status != "InService":
        raise PromotionRefused(f"{stands} ({endpoint.failure}), must be InService or absent")
    if endpoint.config == deployment:
        return Action.NONE, f"endpoint {endpoint.name} already serves {deployment}"
    if tried:
        return Action.WATCH, f"{stands} since the update was asked for"
    _refuse_other_variants(endpoint)
    return (Action.RESTORE if purpose is Purpose.ROLLBACK else Action.UPDATE), stands


def without_endpoint(endpoint: Endpoint | None) -> str:
    """Say how a model is promoted that serves in batches; callers of an endpoint come first."""
    if endpoint is not None:
        raise PromotionRefused(
            f"endpoint {endpoint.name} is {endpoint.status} although the card serves in batches: "
            "delete it once nobody asks it any more, then redrive"
        )
    return "files are scored by transform jobs: there is no endpoint"


def _being_made(endpoint: Endpoint) -> str:
    return endpoint.config if endpoint.status == "Creating" else ""


def _refuse_other_variants(endpoint: Endpoint) -> None:
    """AWS ignores the guardrails, silently, when an update changes the variants' names.

    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
    """
    if endpoint.variants != (naming.VARIANT,):
        raise PromotionRefused(
            f"endpoint {endpoint.name} must have the one variant {naming.VARIANT!r}, has "
            f"{list(endpoint.variants)}: an update would go without canary and rollback"
        )


def is_given_up(failure: Failure) -> bool:
    """A call that was refused for good; a limit's own retries are the machine's."""
    return failure.calls >= _MOST_CALLS or "LimitExceeded" in failure.error


def refuse_to_call_again(failure: Failure | None) -> None:
    if failure is not None and is_given_up(failure):
        raise given_up(failure)


def given_up(failure: Failure) -> Exception:
    """Return an exception named like the call's error, for which a handler's error is named."""
    name = "CallFailed" if failure.error.startswith("States.") else failure.error
    cause = failure.cause or "no cause was given"
    return type(name, (Exception,), {})(f"{failure.error}, {failure.calls} times: {cause}")


def refuse_endless_wait(card: ModelCard, progress: Progress, reason: str) -> None:
    """Raise once the waits of this redrive are used up; each redrive has as many again."""
    most = ceil((card.rollout.shift_seconds + 2 * _PATIENCE_SECONDS) / WAIT_SECONDS)
    if progress.waits >= most * (progress.redrive + 1):
        raise EndpointBusy(f"waited {most} times {WAIT_SECONDS} s, and still: {reason}")


def instances(card: ModelCard, endpoint: Endpoint | None) -> tuple[int, str]:
    """As many as serve now, at least the card's: scaling stands still while an endpoint updates."""
    now, scaling = 0 if endpoint is None else endpoint.instances, card.serving.autoscaling
    least = max(card.serving.instance_count, 0 if scaling is None else scaling.min_instances)
    count = max(least, now)
    reason = f"card says {least}, endpoint has {now}"
    return count, f"{count} instances of {card.serving.instance_type} ({reason})"


def headroom(card: ModelCard, endpoint: Endpoint | None, action: Action, taken: int) -> int:
    """How many instances to grow to before an update, during which nothing scales; 0: none."""
    scaling = card.serving.autoscaling
    if scaling is None or endpoint is None or action is not Action.UPDATE or taken:
        return 0
    wanted = ceil(endpoint.instances * (1 + card.rollout.headroom_percent / 100))
    wanted = min(wanted, scaling.max_instances)
    return wanted if wanted > endpoint.instances else 0


def own_properties(card: ModelCard, endpoint: Endpoint | None) -> tuple[str, ...]:
    """What the candidate's configuration decides; the rest is kept from what serves.

    Capacity that scaling has reached survives the switch, unless the card now asks for more.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VariantProperty.html
    """
    own = ("DataCaptureConfig", "DesiredWeight")
    now = 0 if endpoint is None else endpoint.instances
    return own if instances(card, endpoint)[0] == now else (*own, "DesiredInstanceCount")


def is_promoted(endpoint: Endpoint | None, plan: Plan) -> bool:
    """Whether the candidate serves; raises while the endpoint is still changing."""
    if endpoint is not None and endpoint.status in BUSY:
        raise EndpointUnsettled(f"endpoint {endpoint.name} is still {endpoint.status}")
    return (
        endpoint is not None
        and endpoint.status == "InService"
        and endpoint.config == plan.deployment
    )
