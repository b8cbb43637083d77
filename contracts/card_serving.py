"""How a model serves, as its card declares it."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.card_alarms import ServingAlarms, read_alarms
from contracts.errors import ContractError
from contracts.reading import Table

_INSTANCE = "ml.m5.large"
_LONGEST_SHIFT = 25_200
"""An update may take 28,800 s (API_BlueGreenUpdatePolicy); an hour is for its instances."""


class ServingMode(StrEnum):
    REAL_TIME = "real_time"
    """Instances behind an endpoint; promotion is a canary or linear shift."""
    SERVERLESS = "serverless"
    """No instances of one's own; AWS has no data capture, VPC, variants or guardrails for it."""
    BATCH = "batch"
    """No endpoint: transform jobs answer whole files."""


class CapturePath(StrEnum):
    ENDPOINT = "endpoint"
    """SageMaker's own data capture."""
    CONTAINER = "container"
    """The server writes the same records below the same prefix itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaling:
    min_instances: int
    max_instances: int
    invocations_per_minute: float | None
    """Of one instance (SageMakerVariantInvocationsPerInstance) that scaling aims at."""
    latency_ms: float | None
    """Mean ModelLatency that scaling aims at; at least one of the two must be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serverless:
    memory_mib: int
    max_concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    mode: ServingMode
    instance_type: str
    instance_count: int
    capture: CapturePath
    capture_percent: int
    kept_versions: int
    """How many earlier deployments stay ready to be rolled back to."""
    idle_hours: float | None
    """An endpoint of a development environment without requests for this long is removed, and comes
    back when asked for; None: never."""
    autoscaling: Autoscaling | None
    serverless: Serverless
    alarms: ServingAlarms


def read_serving(table: Table) -> Serving:
    table.only(
        "mode",
        "instance_type",
        "instance_count",
        "capture",
        "capture_percent",
        "kept_versions",
        "idle_hours",
        "autoscaling",
        "serverless",
        "alarms",
    )
    mode = table.choice("mode", ServingMode, ServingMode.REAL_TIME)
    default = CapturePath.CONTAINER if mode is ServingMode.SERVERLESS else CapturePath.ENDPOINT
    capture = table.choice("capture", CapturePath, default)
    if mode is ServingMode.SERVERLESS and capture is CapturePath.ENDPOINT:
        raise ContractError(
            f"{table.where}.capture must be container with mode = serverless: AWS captures nothing "
            "of serverless endpoints, got endpoint"
        )
    scaling = table.optional_table("autoscaling")
    if scaling is not None and mode is not ServingMode.REAL_TIME:
        raise ContractError(f"{table.where}.autoscaling needs mode = real_time, got {mode}")
    return Serving(
        mode=mode,
        instance_type=table.text("instance_type", _INSTANCE),
        instance_count=table.integer("instance_count", 2, least=2, most=100),
        capture=capture,
        capture_percent=table.integer("capture_percent", 100, least=1, most=100),
        kept_versions=table.integer("kept_versions", 5, least=1, most=50),
        idle_hours=table.optional_number("idle_hours", least=1),
        autoscaling=None if scaling is None else _read_autoscaling(scaling),
        serverless=_read_serverless(table.table_or_empty("serverless")),
        alarms=read_alarms(table.table_or_empty("alarms")),
    )


def _read_autoscaling(table: Table) -> Autoscaling:
    table.only("min_instances", "max_instances", "invocations_per_minute", "latency_ms")
    least = table.integer("min_instances", 2, least=2, most=100)
    invocations = table.optional_number("invocations_per_minute", least=1)
    latency = table.optional_number("latency_ms", least=1)
    if invocations is None and latency is None:
        raise ContractError(f"{table.where} must have invocations_per_minute, latency_ms or both")
    return Autoscaling(
        min_instances=least,
        max_instances=table.integer("max_instances", least=least, most=100),
        invocations_per_minute=invocations,
        latency_ms=latency,
    )


def _read_serverless(table: Table) -> Serverless:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html"""
    table.only("memory_mib", "max_concurrency")
    memory = table.integer("memory_mib", 2048, least=1024, most=6144)
    if memory % 1024:
        raise ContractError(f"{table.where}.memory_mib must be a multiple of 1024, got {memory}")
    return Serverless(
        memory_mib=memory,
        max_concurrency=table.integer("max_concurrency", 10, least=1, most=200),
    )
