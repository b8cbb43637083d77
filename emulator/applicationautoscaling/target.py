"""What may scale: a variant of an endpoint between two bounds, as it was registered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from emulator.applicationautoscaling.errors import unsupported, validation

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
_SUSPENSIONS = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A variant of an endpoint.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-policy.html
    """

    endpoint: str
    variant: str

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        namespace = request["ServiceNamespace"]
        if namespace != "sagemaker":
            raise unsupported(f"the ServiceNamespace {namespace} (sagemaker only)")
        dimension = request["ScalableDimension"]
        if dimension != DIMENSION:
            raise unsupported(f"the ScalableDimension {dimension} ({DIMENSION} only)")
        parts = _RESOURCE.fullmatch(request["ResourceId"])
        if parts is None:
            raise validation(
                "ResourceId must look like endpoint/my-endpoint/variant/my-variant, got "
                f"{request['ResourceId']}"
            )
        return cls(endpoint=parts[1], variant=parts[2])

    @property
    def id(self) -> str:
        return f"endpoint/{self.endpoint}/variant/{self.variant}"

    def named(self) -> dict[str, str]:
        """Return the three members that name it in every answer."""
        return {
            "ServiceNamespace": "sagemaker",
            "ResourceId": self.id,
            "ScalableDimension": DIMENSION,
        }

    def words(self) -> str:
        """Return it as refusals name it."""
        return (
            f"service namespace: sagemaker, resource ID: {self.id}, scalable dimension: {DIMENSION}"
        )


@dataclass(slots=True, kw_only=True)
class Target:
    """A registered resource, and what scaling remembers of it."""

    resource: Resource
    arn: str
    role: str
    created: datetime
    least: int
    most: int
    suspended: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(_SUSPENSIONS, False))
    tags: dict[str, str] = field(default_factory=dict[str, str])
    acting: bool = False
    """An activity is in progress."""
    retry: datetime | None = None
    """When to look at the alarms that ring again."""
    out_ended: datetime | None = None
    added: int = 0
    """Instances that the last scaling out has added."""
    in_ended: datetime | None = None

    def bound(self, request: Mapping[str, Any]) -> None:
        """Take the bounds and suspensions of a request; what it leaves out stays as it was."""
        least = request.get("MinCapacity", self.least)
        most = request.get("MaxCapacity", self.most)
        if least < 1:
            # "Minimum instance count is required to be 1 or higher":
            # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-edit.html
            raise validation(f"MinCapacity of a SageMaker variant must be 1 or higher, got {least}")
        if most < least:
            raise validation(
                f"Maximum capacity cannot be less than minimum capacity, got {least} to {most}"
            )
        self.least, self.most = least, most
        self.suspended |= request.get("SuspendedState", {})

    def within(self, count: int) -> int:
        return min(self.most, max(self.least, count))

    def described(self) -> dict[str, Any]:
        return {
            **self.resource.named(),
            "MinCapacity": self.least,
            "MaxCapacity": self.most,
            "RoleARN": self.role,
            "CreationTime": self.created,
            "SuspendedState": dict(self.suspended),
            "ScalableTargetARN": self.arn,
        }
