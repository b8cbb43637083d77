"""When people are told of the endpoint that serves, as a model's card declares it."""

from dataclasses import dataclass

from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingAlarms:
    """For latency, rollout.max_latency_ms holds after a promotion as well."""

    max_5xx_share: float
    """Of the requests of five minutes."""
    max_4xx_share: float
    """Callers' own mistakes: a rising share says that their schema is not the model's."""
    min_requests: int
    """Fewer in five minutes are no share."""
    max_capture_gap: float
    """Answered requests of a drift window that were captured nowhere."""


def read_alarms(table: Table) -> ServingAlarms:
    table.only("max_5xx_share", "max_4xx_share", "min_requests", "max_capture_gap")
    return ServingAlarms(
        max_5xx_share=table.number("max_5xx_share", 0.01, least=0.0001, most=1),
        max_4xx_share=table.number("max_4xx_share", 0.5, least=0.0001, most=1),
        min_requests=table.integer("min_requests", 20, least=1),
        max_capture_gap=table.number("max_capture_gap", 0.05, least=0.001, most=1),
    )
