"""A DeploymentConfig as steps: how much of the new fleet takes traffic, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.errors import validation

_LONGEST = 28_800
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html"""
_SIZES = {"CANARY": ("CanarySize", 0.0, 0.5), "LINEAR": ("LinearStepSize", 0.1, 0.5)}
_POLICIES = ("BlueGreenUpdatePolicy", "RollingUpdatePolicy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Instances that take traffic for ``seconds``, by variant; ``why`` names the parameter."""

    active: Mapping[str, int]
    seconds: int
    why: str
    capacity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """How a rolling deployment turns instances over, by variant; ``back`` is for the way back."""

    forth: Mapping[str, int]
    back: Mapping[str, int]
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPolicy:
    """The last step is always the full capacity; without a config it has no wait and no alarm.

    With ``batches`` the deployment is a rolling one and the steps are of no account.
    """

    steps: tuple[Step, ...]
    alarms: tuple[str, ...] = ()
    timeout: int = _LONGEST
    batches: Batches | None = None

    @classmethod
    def of(cls, request: Mapping[str, Any] | None, config: EndpointConfig) -> Self:
        """Read a request's DeploymentConfig for a fleet of ``config``.

        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html
        """
        totals = {variant.name: variant.instances for variant in config.variants}
        if request is None:
            return cls(steps=(_full(totals, 0),))
        given = [name for name in _POLICIES if name in request]
        if len(given) != 1:
            got = " and ".join(given) if given else "neither"
            raise validation(f"DeploymentConfig must have one of {' and '.join(_POLICIES)}: {got}.")
        policy = request[given[0]]
        alarms = request.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        rolling = given[0] == "RollingUpdatePolicy"
        return cls(
            steps=(_full(totals, 0),) if rolling else _blue_green(policy, totals),
            alarms=tuple(alarm["AlarmName"] for alarm in alarms),
            timeout=policy.get("MaximumExecutionTimeoutInSeconds", _LONGEST),
            batches=_batches(policy, totals) if rolling else None,
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


def _blue_green(policy: Mapping[str, Any], totals: Mapping[str, int]) -> tuple[Step, ...]:
    last = _full(totals, policy.get("TerminationWaitInSeconds", 0))
    return (*_partial(policy["TrafficRoutingConfiguration"], totals), last)


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


def _batches(policy: Mapping[str, Any], totals: Mapping[str, int]) -> Batches:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_RollingUpdatePolicy.html"""
    back = policy.get("RollbackMaximumBatchSize", {"Type": "CAPACITY_PERCENT", "Value": 100})

    def sizes(member: str, size: Mapping[str, Any], most: float) -> dict[str, int]:
        return {
            name: _instances(size, total, member=member, variant=name, least=0.05, most=most)
            for name, total in totals.items()
        }

    return Batches(
        forth=sizes("MaximumBatchSize", policy["MaximumBatchSize"], 0.5),
        back=sizes("RollbackMaximumBatchSize", back, 1.0),
        seconds=policy["WaitIntervalInSeconds"],
    )


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
