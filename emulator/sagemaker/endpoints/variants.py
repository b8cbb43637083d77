"""One variant of an endpoint config: which model, on how many instances or on none of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from emulator.sagemaker.errors import not_supported, validation

_UNSUPPORTED = (
    "ManagedInstanceScaling",
    "InstancePools",
    "AcceleratorType",
    "CapacityReservationConfig",
    "AcceleratorPartitionLayouts",
    "CoreDumpConfig",
)
_STARTUP_SECONDS = 240
"""Four minutes, unless ContainerStartupHealthCheckTimeoutInSeconds says otherwise:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html"""
_GIBIBYTE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerlessConfig:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html"""

    memory: int
    concurrency: int
    provisioned: int | None = None

    @classmethod
    def of(cls, request: Mapping[str, Any], variant: str) -> Self:
        made = cls(
            memory=request["MemorySizeInMB"],
            concurrency=request["MaxConcurrency"],
            provisioned=request.get("ProvisionedConcurrency"),
        )
        if made.memory % _GIBIBYTE:
            raise validation(
                f"MemorySizeInMB of production variant {variant} must be 1024, 2048, 3072, 4096, "
                f"5120 or 6144, got {made.memory}."
            )
        if made.provisioned is not None and made.provisioned > made.concurrency:
            raise validation(
                f"ProvisionedConcurrency of production variant {variant} must be less than or "
                f"equal to MaxConcurrency ({made.concurrency}), got {made.provisioned}."
            )
        return made

    def described(self) -> dict[str, int]:
        found = {"MemorySizeInMB": self.memory, "MaxConcurrency": self.concurrency}
        if self.provisioned is not None:
            found["ProvisionedConcurrency"] = self.provisioned
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    name: str
    model_name: str
    instances: int
    weight: float
    startup_seconds: int
    instance_type: str | None = None
    serverless: ServerlessConfig | None = None

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        name = request["VariantName"]
        for member in _UNSUPPORTED:
            if member in request:
                raise not_supported(f"CreateEndpointConfig with {member}")
        serverless = request.get("ServerlessConfig")
        asked = ("InstanceType", "InitialInstanceCount")
        for member in ("ModelName", *(() if serverless is not None else asked)):
            if member not in request:
                raise validation(f"{member} is required for production variant {name}.")
        for member in asked if serverless is not None else ():
            if member in request:
                raise validation(
                    f"{member} cannot be given together with ServerlessConfig for production "
                    f"variant {name}."
                )
        return cls(
            name=name,
            model_name=request["ModelName"],
            instances=request.get("InitialInstanceCount", 0),
            weight=float(request.get("InitialVariantWeight", 1.0)),
            startup_seconds=request.get(
                "ContainerStartupHealthCheckTimeoutInSeconds", _STARTUP_SECONDS
            ),
            instance_type=request.get("InstanceType"),
            serverless=None if serverless is None else ServerlessConfig.of(serverless, name),
        )
