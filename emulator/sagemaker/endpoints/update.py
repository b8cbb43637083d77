"""UpdateEndpoint, from the request to the deployment that carries it out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.clock import Clock
from emulator.sagemaker.endpoints.blue_green import BlueGreen
from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.endpoints.deployment import Deployment
from emulator.sagemaker.endpoints.endpoint import Endpoint
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.policy import DeploymentPolicy
from emulator.sagemaker.endpoints.rolling import Rolling
from emulator.sagemaker.errors import not_supported, validation
from emulator.sagemaker.operations import Request


class Scaling(Protocol):
    """What Application Auto Scaling knows of the variants of endpoints."""

    def scaled(self, endpoint: str) -> frozenset[str]:
        """Return the variants that are scalable targets."""
        ...

    def forget(self, endpoint: str) -> None:
        """Deregister the variants of an endpoint that is being deleted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one update will go."""

    config: EndpointConfig
    asked: dict[str, Any] | None
    """The DeploymentConfig, as DescribeEndpoint shows it afterwards."""
    policy: DeploymentPolicy

    @classmethod
    def of(
        cls, request: Request, endpoint: Endpoint, old: EndpointConfig, new: EndpointConfig
    ) -> "Plan":
        asked = request.get("DeploymentConfig")
        if asked is None and request.get("RetainDeploymentConfig", False):
            asked = endpoint.deployment_config
        policy = checked(asked, old, new)
        if _excluded(policy, old, new):
            policy = policy.all_at_once()
        return cls(config=new, asked=asked, policy=policy)

    def more(self) -> list[tuple[str | None, int]]:
        """Return the instance types and how many of each the update needs on top for a while."""
        batches = self.policy.batches
        return [
            (one.instance_type, one.instances if batches is None else batches.forth[one.name])
            for one in self.config.variants
        ] + [(one.instance_type, one.instances) for one in self.config.shadows]

    def deployment(
        self, endpoint: Endpoint, green: Fleet, clock: Clock, cloudwatch: Callable[[], Any]
    ) -> Deployment:
        kind = BlueGreen if self.policy.batches is None else Rolling
        return kind(
            endpoint=endpoint, green=green, policy=self.policy, clock=clock, cloudwatch=cloudwatch
        )


def checked(asked: Mapping[str, Any] | None, *configs: EndpointConfig) -> DeploymentPolicy:
    """Return the policy for the last of ``configs``; with a serverless one there can be none."""
    if asked is not None and any(config.serverless for config in configs):
        raise not_supported("serverless endpoints with DeploymentConfig")
    return DeploymentPolicy.of(asked, configs[-1])


def _excluded(policy: DeploymentPolicy, old: EndpointConfig, new: EndpointConfig) -> bool:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html"""
    renamed = {one.name for one in old.variants} != {one.name for one in new.variants}
    several = len(new.variants) > 1
    return renamed or (policy.batches is not None and several)


def refuse_conversion(old: EndpointConfig, new: EndpointConfig) -> None:
    """An endpoint with instances never becomes serverless; the other way is a way of no return.

    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    """
    if new.serverless and not old.serverless:
        raise validation(
            "Cannot update an instance-based endpoint to a serverless endpoint: endpoint "
            f'configuration "{new.arn}" has ServerlessConfig.'
        )


def refuse_rescaled(scaled: frozenset[str], old: EndpointConfig, new: EndpointConfig) -> None:
    """Refuse what would take an autoscaled variant's instance type, or the variant itself, away.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    """
    before = {variant.name: variant.instance_type for variant in old.variants}
    after = {variant.name: variant.instance_type for variant in new.variants}
    for name in sorted(scaled):
        if after.get(name) != before.get(name):
            change = f"from {before.get(name)} to {after[name]}" if name in after else "away"
            raise validation(
                f'Variant "{name}" is a target for automatic scaling: deregister it before an '
                f"update takes it {change}."
            )
