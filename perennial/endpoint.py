"""The endpoint as SageMaker describes it: its variants, and the deployment under way if any."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    name: str
    weight: float | None
    instances: int | None
    """None: serverless."""
    wanted: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A deployment under way (PendingDeploymentSummary).

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PendingDeploymentSummary.html
    """

    config: str
    since: datetime | None
    stage: str
    """SageMaker's words of the variants' stages: ``Creating``, ``Baking`` and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    status: str
    """SageMaker's word, or ``absent`` before the first promotion."""
    config: str | None = None
    variants: tuple[Variant, ...] = ()
    pending: Pending | None = None
    failure: str | None = None
    changed_at: datetime | None = None
    """When it changed last (LastModifiedTime)."""

    @property
    def has_instances(self) -> bool:
        """Whether it runs on instances that can be counted, and scaled; not so serverless."""
        return any(variant.instances is not None for variant in self.variants)

    @property
    def changing(self) -> bool:
        return self.status in CHANGING

    def line(self) -> str:
        """How it stands, in a line that says what moves."""
        if self.pending is not None:
            stage = f" ({self.pending.stage})" if self.pending.stage else ""
            return f"{self.status} to {self.pending.config}{stage}, serves {self.config}"
        return self.status if self.config is None else f"{self.status} on {self.config}"

    def document(self) -> dict[str, Any]:
        return asdict(self)


def find(sagemaker: Any, name: str) -> Endpoint:
    try:
        described = sagemaker.describe_endpoint(EndpointName=name)
    except sagemaker.exceptions.ClientError as error:
        # SageMaker answers a missing endpoint with ValidationException.
        if "Could not find" not in str(error):
            raise
        return Endpoint(name=name, status=ABSENT)
    variants = described.get("ProductionVariants", [])
    pending = described.get("PendingDeploymentSummary")
    return Endpoint(
        name=name,
        status=described["EndpointStatus"],
        config=described.get("EndpointConfigName"),
        variants=tuple(_variant(one) for one in variants),
        pending=None if pending is None else _pending(pending),
        failure=described.get("FailureReason"),
        changed_at=described["LastModifiedTime"].astimezone(UTC),
    )


def _variant(described: dict[str, Any]) -> Variant:
    return Variant(
        name=described["VariantName"],
        weight=described.get("CurrentWeight"),
        instances=described.get("CurrentInstanceCount"),
        wanted=described.get("DesiredInstanceCount"),
    )


def _pending(described: dict[str, Any]) -> Pending:
    stages = [
        stage["Status"]
        for variant in described.get("ProductionVariants", [])
        for stage in variant.get("VariantStatus", [])
    ]
    since = described.get("StartTime")
    return Pending(
        config=described["EndpointConfigName"],
        since=None if since is None else since.astimezone(UTC),
        stage=", ".join(dict.fromkeys(stages)),
    )
