"""Why a candidate does not serve, and whose fault that is: only its own rejects it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from contracts import moment
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.plan_document import Plan


class Fault(StrEnum):
    CANDIDATE = "candidate"
    PLATFORM = "platform"
    UNKNOWN = "unknown"
    """Something rolled back, and nothing says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    fault: Fault
    reason: str


_PLATFORM = re.compile(
    r"capacity|ResourceLimitExceeded|service limit|quota|throttl|rate exceeded|RequestLimit"
    r"|InternalServer|InternalFailure|internal error|ServiceUnavailable|AccessDenied"
    r"|not authorized|\bKMS|pull.{0,40}(image|timed? ?out|denied)|MaximumExecutionTimeout"
    r"|auto-rollback alarm\(s\)",
    re.IGNORECASE,
)
"""What a FailureReason says of quotas, capacity, access, image pulls, or alarms that were gone."""


def of_text(reason: str) -> Fault:
    """Tell by the words of a FailureReason; what is not known to pass by itself is not retried."""
    return Fault.PLATFORM if _PLATFORM.search(reason) else Fault.CANDIDATE


def blame(
    endpoint: Endpoint | None, plan: Plan, *, alarm: str | None, condemned: str, cause: str
) -> Blame:
    """Say why the endpoint is not on the candidate.

    ``condemned`` is why promotion itself went back, ``cause`` what it first saw go wrong.
    """
    stands = _stands(endpoint, plan)
    if condemned:
        return Blame(fault=Fault.CANDIDATE, reason=_told(plan, condemned, stands))
    if alarm is not None:
        found = f"{alarm}; seen: {cause}" if cause else alarm
        return Blame(fault=Fault.CANDIDATE, reason=_told(plan, found, stands))
    unmoved = endpoint is not None and moment.render(endpoint.changed_at) == plan.seen
    if endpoint is None or not endpoint.failure or unmoved:
        silent = "it went back silently: no alarm is on, and the endpoint names no reason"
        return Blame(fault=Fault.UNKNOWN, reason=_told(plan, silent, stands))
    return Blame(fault=of_text(endpoint.failure), reason=_told(plan, endpoint.failure, stands))


def _told(plan: Plan, why: str, stands: str) -> str:
    return f"version {plan.version} does not serve: {why}; {stands}"


def _stands(endpoint: Endpoint | None, plan: Plan) -> str:
    if endpoint is None:
        return f"endpoint {plan.endpoint} does not exist"
    return f"endpoint {endpoint.name} is {endpoint.status} on {endpoint.config}"
