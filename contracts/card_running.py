"""What a model runs on, as its card declares it: its jobs and its endpoint."""

from dataclasses import dataclass

from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    instance_type: str
    volume_gib: int
    max_runtime_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    instance_type: str
    instance_count: int
    canary_percent: int
    bake_seconds: int
    max_5xx: int
    """More 5xx answers of the candidate than this within a minute roll it back."""
    probe_requests: int
    """Requests promotion itself sends at each look during the bake."""
    capture_percent: int


def read_job(table: Table) -> Job:
    table.only("instance_type", "volume_gib", "max_runtime_seconds")
    return Job(
        instance_type=table.text("instance_type"),
        volume_gib=table.integer("volume_gib", 10, least=1, most=16384),
        max_runtime_seconds=table.integer("max_runtime_seconds", least=1, most=2_419_200),
    )


def read_serving(table: Table) -> Serving:
    table.only(
        "instance_type",
        "instance_count",
        "canary_percent",
        "bake_seconds",
        "max_5xx",
        "probe_requests",
        "capture_percent",
    )
    return Serving(
        instance_type=table.text("instance_type"),
        instance_count=table.integer("instance_count", least=2, most=100),
        canary_percent=table.integer("canary_percent", least=1, most=50),
        bake_seconds=table.integer("bake_seconds", least=0, most=3600),
        max_5xx=table.integer("max_5xx", 0, least=0),
        probe_requests=table.integer("probe_requests", 5, least=1, most=100),
        capture_percent=table.integer("capture_percent", 100, least=1, most=100),
    )
