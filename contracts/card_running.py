"""What a model's jobs run on, as its card declares it."""

from dataclasses import dataclass

from contracts.errors import ContractError
from contracts.reading import Table

_INSTANCE = "ml.m5.large"
_HALF_AN_HOUR = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    instance_types: tuple[str, ...]
    """The first one is asked for; the others, in order, when AWS has none of it to give."""
    volume_gib: int
    max_runtime_seconds: int
    spot: bool
    """Whether to run on spare capacity, which may be taken away: training resumes from its
    checkpoints."""
    max_wait_seconds: int
    """With ``spot``: how long waiting and running may take together."""


def read_job(table: Table, *, may_use_spot: bool) -> Job:
    spot = ("spot", "max_wait_seconds") if may_use_spot else ()
    table.only(
        "instance_type", "fallback_instance_types", "volume_gib", "max_runtime_seconds", *spot
    )
    runtime = table.integer("max_runtime_seconds", _HALF_AN_HOUR, least=1, most=2_419_200)
    types = (
        table.text("instance_type", _INSTANCE),
        *table.texts("fallback_instance_types", default=()),
    )
    if len(set(types)) != len(types):
        raise ContractError(f"{table.where}.fallback_instance_types repeats one: {list(types)}")
    return Job(
        instance_types=types,
        volume_gib=table.integer("volume_gib", 10, least=1, most=16384),
        max_runtime_seconds=runtime,
        spot=table.flag("spot", default=False),
        max_wait_seconds=table.integer("max_wait_seconds", 2 * runtime, least=runtime),
    )
