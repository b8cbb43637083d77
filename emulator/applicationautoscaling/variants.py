"""The variants that scale, as SageMaker tells of them and takes orders for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emulator.applicationautoscaling.target import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    count: int
    """As desired: what is on its way counts."""
    in_service: bool
    """Nothing else changes the endpoint now."""
    failure: str | None


class Variants:
    def __init__(self, sagemaker: Callable[[], Any]) -> None:
        self._sagemaker = sagemaker

    def capacity(self, resource: Resource) -> Capacity | None:
        """Return how many instances a variant has, ``None`` where there is no such variant."""
        try:
            found = self._sagemaker().describe_endpoint(EndpointName=resource.endpoint)
        except ClientError:
            return None
        for variant in found.get("ProductionVariants", ()):
            if variant["VariantName"] == resource.variant and "DesiredInstanceCount" in variant:
                return Capacity(
                    count=variant["DesiredInstanceCount"],
                    in_service=found["EndpointStatus"] == "InService",
                    failure=found.get("FailureReason"),
                )
        return None

    def order(self, resource: Resource, count: int) -> None:
        self._sagemaker().update_endpoint_weights_and_capacities(
            EndpointName=resource.endpoint,
            DesiredWeightsAndCapacities=[
                {"VariantName": resource.variant, "DesiredInstanceCount": count}
            ],
        )
