"""What a promotion does about a trial: begin it, watch it, or end it before the traffic shifts."""

from datetime import timedelta

from contracts import naming
from contracts.card import ModelCard, ServingMode, Trial
from contracts.run import CauseKind, Purpose, RunRequest
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.plan_document import Action


def is_wanted(card: ModelCard, request: RunRequest) -> bool:
    """Where the card says so, except for a person, who has decided."""
    return (
        card.rollout.trial is not Trial.NONE
        and card.serving.mode is ServingMode.REAL_TIME
        and request.purpose is Purpose.RETRAIN
        and request.cause.kind is not CauseKind.PERSON
    )


def length(card: ModelCard, request: RunRequest) -> timedelta:
    return timedelta(seconds=card.rollout.trial_seconds if is_wanted(card, request) else 0)


def course(
    endpoint: Endpoint | None, deployment: str, *, wanted: bool, over: bool
) -> tuple[Action, str] | None:
    """Say what to do and why; None where a trial is not what is next.

    An endpoint always leaves its trial by way of the champion's own configuration: the guardrails
    of the shift that follows need the same variants before and after.
    """
    if endpoint is None:
        return None
    ours = naming.trial(deployment)
    stands = f"endpoint {endpoint.name} is {endpoint.status} on {endpoint.config}"
    if wanted and not over and endpoint.pending == ours:
        return Action.WATCH_TRIAL, f"{stands}, on its way to {ours}"
    if endpoint.status != "InService" or endpoint.config == deployment:
        return None
    if naming.is_trial(endpoint.config):
        if endpoint.config == ours and wanted and not over:
            return Action.WATCH_TRIAL, stands
        return Action.END_TRIAL, stands
    if wanted and not over:
        return Action.TRY, f"{stands}; {deployment} is tried beside it"
    return None
