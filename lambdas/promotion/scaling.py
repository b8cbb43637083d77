"""How many instances may serve: the live variant's scalable target and policies, as the card says.

Promotion makes them because they need a variant that exists. A blue/green update keeps the target
(it belongs to endpoint and variant, not to a configuration), so that applying again is a no-op.
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
"""

from collections.abc import Mapping
from typing import Any

from contracts import naming
from contracts.card import Autoscaling, ModelCard
from lambdas.adapters.scalable_variant import ScalableVariant

_SCALE_OUT_SECONDS = 60
"""A spike is answered by the next minute's figures."""
_SCALE_IN_SECONDS = 300
"""The default of AWS: leaving is slower than coming, so that a pause does not cost a cold start."""


class Scaling:
    def __init__(self, autoscaling: Any) -> None:
        """``autoscaling`` is boto3's client for ``application-autoscaling``."""
        self._autoscaling = autoscaling

    def apply(self, endpoint: str, card: ModelCard) -> str:
        """Make target and policies what the card says, and say in words what holds now.

        The endpoint must be InService: AWS registers no variant that does not exist, and puts
        the number of instances within the new bounds at once.
        """
        variant = ScalableVariant(self._autoscaling, endpoint=endpoint)
        wanted = card.serving.autoscaling
        if wanted is None:
            released = variant.release()
            return "no autoscaling any more" if released else "no autoscaling"
        variant.bound(least=wanted.min_instances, most=wanted.max_instances)
        policies = policies_for(endpoint, wanted)
        for name, configuration in policies.items():
            variant.track(name, configuration)
        for name in variant.policies():
            if name not in policies:
                variant.drop(name)
        bounds = f"{wanted.min_instances} to {wanted.max_instances} instances"
        return f"{bounds} by {' and '.join(policies)}"


def policies_for(endpoint: str, wanted: Autoscaling) -> dict[str, Mapping[str, Any]]:
    """Return each policy by name; with two, the one that wants more instances decides.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
    """
    cooldown = {"ScaleOutCooldown": _SCALE_OUT_SECONDS, "ScaleInCooldown": _SCALE_IN_SECONDS}
    policies: dict[str, Mapping[str, Any]] = {}
    if wanted.invocations_per_minute is not None:
        policies[f"{endpoint}-invocations"] = {
            "TargetValue": wanted.invocations_per_minute,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            **cooldown,
        }
    if wanted.latency_ms is not None:
        policies[f"{endpoint}-latency"] = {
            "TargetValue": wanted.latency_ms * 1000,  # ModelLatency is in microseconds
            "CustomizedMetricSpecification": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ModelLatency",
                "Dimensions": [
                    {"Name": "EndpointName", "Value": endpoint},
                    {"Name": "VariantName", "Value": naming.VARIANT},
                ],
                "Statistic": "Average",
                "Unit": "Microseconds",
            },
            **cooldown,
        }
    return policies
