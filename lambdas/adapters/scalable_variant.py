"""The live variant as Application Auto Scaling knows it: bounds, policies, and being forgotten."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from contracts import naming


class ScalableVariant:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-policy.html."""

    def __init__(self, autoscaling: Any, *, endpoint: str) -> None:
        self._autoscaling = autoscaling
        self._target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{endpoint}/variant/{naming.VARIANT}",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }

    def bound(self, *, least: int, most: int) -> None:
        """Register, or change the bounds; without a role, AWS uses its service-linked one."""
        self._autoscaling.register_scalable_target(
            **self._target, MinCapacity=least, MaxCapacity=most
        )

    def policies(self) -> Sequence[str]:
        pages = self._autoscaling.get_paginator("describe_scaling_policies").paginate(
            **self._target
        )
        return [policy["PolicyName"] for page in pages for policy in page["ScalingPolicies"]]

    def track(self, policy: str, configuration: Mapping[str, Any]) -> None:
        self._autoscaling.put_scaling_policy(
            **self._target,
            PolicyName=policy,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=dict(configuration),
        )

    def drop(self, policy: str) -> None:
        self._autoscaling.delete_scaling_policy(**self._target, PolicyName=policy)

    def is_registered(self) -> bool:
        found = self._autoscaling.describe_scalable_targets(
            ServiceNamespace=self._target["ServiceNamespace"],
            ResourceIds=[self._target["ResourceId"]],
            ScalableDimension=self._target["ScalableDimension"],
        )
        return bool(found["ScalableTargets"])

    def release(self) -> bool:
        """Deregister the target, which deletes its policies and their alarms; was there one?

        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
        """
        if not self.is_registered():
            return False
        try:
            self._autoscaling.deregister_scalable_target(**self._target)
        except ClientError as error:  # another was quicker
            if error.response["Error"]["Code"] == "ObjectNotFoundException":
                return False
            raise
        return True
