"""How a model serves, and how a candidate takes over, as its card declares them."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

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


class Shift(StrEnum):
    CANARY = "canary"
    LINEAR = "linear"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How a candidate takes over from what serves."""

    shift: Shift
    step_percent: int
    """Of the capacity: the canary's size, or each step of a linear shift."""
    bake_seconds: int
    """After the canary, or between two linear steps."""
    min_invocations: int
    """The candidate must have answered so many requests before it is confirmed; promotion sends
    what callers do not."""
    max_5xx: int
    """More 5xx answers of the candidate than this within a minute roll it back."""
    max_latency_ms: float
    """p99 of the candidate's ModelLatency over a minute."""
    max_latency_ratio: float
    """Median ModelLatency of the candidate, as a multiple of the champion's (at least 5 ms)."""
    max_prediction_psi: float
    """How far the candidate's answers to callers may lie from those to its hold-out."""
    min_prediction_rows: int
    """Fewer answers are no distribution; the calibrated threshold may lie above the card's."""
    headroom_percent: int
    """More instances than serve now, while scaling stands still (with autoscaling only)."""
    shadow_percent: int
    """Share of requests that the candidate sees first without answering anybody; 0: none."""
    shadow_seconds: int
    challenger_percent: int
    """Share of requests that the candidate answers beside the champion (A/B) until a person
    promotes it or rolls it back; 0: it takes over by itself."""

    @property
    def shift_seconds(self) -> int:
        """How long the traffic is on its way: once after a canary, or after each linear step."""
        waits = 1 if self.shift is Shift.CANARY else ceil(100 / self.step_percent) - 1
        return waits * self.bake_seconds


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


def read_rollout(table: Table) -> Rollout:
    table.only(
        "shift",
        "step_percent",
        "bake_seconds",
        "min_invocations",
        "max_5xx",
        "max_latency_ms",
        "max_latency_ratio",
        "max_prediction_psi",
        "min_prediction_rows",
        "headroom_percent",
        "shadow_percent",
        "shadow_seconds",
        "challenger_percent",
    )
    shift = table.choice("shift", Shift, Shift.CANARY)
    shadow = table.integer("shadow_percent", 0, least=0, most=100)
    challenger = table.integer("challenger_percent", 0, least=0, most=50)
    if shadow and challenger:
        raise ContractError(
            f"{table.where} must have shadow_percent or challenger_percent, got both"
        )
    rollout = Rollout(
        shift=shift,
        step_percent=table.integer(
            "step_percent", 50, least=1 if shift is Shift.CANARY else 10, most=50
        ),
        bake_seconds=table.integer("bake_seconds", 300, least=0, most=3600),
        min_invocations=table.integer("min_invocations", 300, least=1, most=100_000),
        max_5xx=table.integer("max_5xx", 0, least=0),
        max_latency_ms=table.number("max_latency_ms", 1000, least=1, most=60_000),
        max_latency_ratio=table.number("max_latency_ratio", 5, least=1.1),
        max_prediction_psi=table.number("max_prediction_psi", 0.25, least=0.01),
        min_prediction_rows=table.integer("min_prediction_rows", 200, least=50),
        headroom_percent=table.integer("headroom_percent", 25, least=0, most=100),
        shadow_percent=shadow,
        shadow_seconds=table.integer("shadow_seconds", 3600, least=60, most=86_400),
        challenger_percent=challenger,
    )
    if rollout.shift_seconds > _LONGEST_SHIFT:
        raise ContractError(
            f"{table.where}.step_percent and bake_seconds must shift within {_LONGEST_SHIFT} s, "
            f"got {rollout.shift_seconds} s"
        )
    return rollout
