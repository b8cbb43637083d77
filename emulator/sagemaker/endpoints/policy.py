"""A DeploymentConfig as steps: how much of the new fleet takes traffic, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.errors import not_supported, validation

_LONGEST = 28_800
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html"""
_SIZES = {"CANARY": ("CanarySize", 0.0, 0.5), "LINEAR": ("LinearStepSize", 0.1, 0.5)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Instances that take traffic for ``seconds``, by variant; ``why`` names the parameter."""

    active: Mapping[str, int]
    seconds: int
    why: str
    capacity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPolicy:
    """The last step is always the full capacity; without a config it has no wait and no alarm."""

    steps: tuple[Step, ...]
    alarms: tuple[str, ...] = ()
    timeout: int = _LONGEST

    @classmethod
    def of(cls, request: Mapping[str, Any] | None, config: EndpointConfig) -> Self:
        """Read a request's DeploymentConfig for a fleet of ``config``.

        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html
        """
        totals = {variant.name: variant.instances for variant in config.variants}
        if request is None:
            return cls(steps=(_full(totals, 0),))
        if "RollingUpdatePolicy" in request:
            raise not_supported("DeploymentConfig with RollingUpdatePolicy")
        if "BlueGreenUpdatePolicy" not in request:
            raise validation("DeploymentConfig must have BlueGreenUpdatePolicy.")
        policy = request["BlueGreenUpdatePolicy"]
        routing = policy["TrafficRoutingConfiguration"]
        last = _full(totals, policy.get("TerminationWaitInSeconds", 0))
        alarms = request.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        return cls(
            steps=(*_partial(routing, totals), last),
            alarms=tuple(alarm["AlarmName"] for alarm in alarms),
            timeout=policy.get("MaximumExecutionTimeoutInSeconds", _LONGEST),
        )

    def all_at_once(self) -> "DeploymentPolicy":
        """Return what remains for an endpoint that guardrails exclude: no steps, no baking.

        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
        """
        return DeploymentPolicy(steps=(_full(self.steps[-1].active, 0),), timeout=self.timeout)


def _full(totals: Mapping[str, int], seconds: int) -> Step:
    return Step(
        active=dict(totals), seconds=seconds, why="TerminationWaitInSeconds", capacity="full"
    )


def _partial(routing: Mapping[str, Any], totals: Mapping[str, int]) -> list[Step]:
    kind = routing["Type"]
    if kind == "ALL_AT_ONCE":
        return []
    member, least, most = _SIZES[kind]
    size = routing.get(member)
    if size is None:
        raise validation(f"{member} is required for traffic routing type {kind}.")
    first = {
        name: _instances(size, total, member=member, variant=name, least=least, most=most)
        for name, total in totals.items()
    }
    steps: list[Step] = []
    active = first
    while any(active[name] < total for name, total in totals.items()):
        capacity = "canary" if kind == "CANARY" else "partial"
        steps.append(
            Step(
                active=active,
                seconds=routing["WaitIntervalInSeconds"],
                why="WaitIntervalInSeconds",
                capacity=capacity,
            )
        )
        if kind == "CANARY":
            break
        active = {name: min(total, active[name] + first[name]) for name, total in totals.items()}
    return steps


def _instances(
    size: Mapping[str, Any], total: int, *, member: str, variant: str, least: float, most: float
) -> int:
    """Return a step in whole instances: a percentage rounds down, to one instance at least."""
    value = size["Value"]
    by_percent = size["Type"] == "CAPACITY_PERCENT"
    count = max(1, int(total * value / 100)) if by_percent else value
    wanted = value / 100 if by_percent else value / total
    if not least <= wanted <= most or count > total * most:
        raise validation(
            f"{member} must be between {least:.0%} and {most:.0%} of the {total} instance(s) of "
            f"production variant {variant}, got {value} ({size['Type']})."
        )
    return count
