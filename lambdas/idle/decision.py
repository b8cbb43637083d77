"""Has nobody asked the endpoint for so long that it may go?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.run import Champion


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    status: str
    config: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    remove: bool
    reason: str


def standing(
    endpoint: Endpoint | None,
    champion: Champion | None,
    promotion: str | None,
    *,
    as_of: datetime,
    idle_hours: float,
) -> str | None:
    """Why the endpoint stays whatever was asked of it; None: what was asked decides."""
    if promotion is not None:
        return f"{promotion} holds the endpoint"
    if endpoint is None:
        return "there is no endpoint"
    if endpoint.status != "InService":
        return f"the endpoint is {endpoint.status}"
    if champion is None or endpoint.config != champion.deployment:
        # It could not come back as it was; the reconciler tells people of it.
        named = "nothing" if champion is None else champion.deployment
        return f"the endpoint serves {endpoint.config}, and the champion pointer names {named}"
    if endpoint.changed_at > as_of - timedelta(hours=idle_hours):
        return f"the endpoint has changed within the last {idle_hours:g} hours"
    return None


def judge(invocations: float, *, idle_hours: float) -> Decision:
    if invocations > 0:
        return Decision(
            remove=False,
            reason=f"{invocations:.0f} requests within the last {idle_hours:g} hours",
        )
    return Decision(remove=True, reason=f"no request within the last {idle_hours:g} hours")
