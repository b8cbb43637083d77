"""The statistics that CloudWatch makes of the data of one period."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

BASIC = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_PERCENTILE = re.compile(r"p(\d{1,2}(\.\d{1,10})?|100)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """Data as published: one value, a value seen often, or a statistic set."""

    timestamp: float
    """Seconds since the epoch."""
    sample_count: float = 1.0
    total: float
    minimum: float
    maximum: float
    unit: str = "None"


def supported(statistic: str) -> bool:
    """Say whether we compute ``statistic`` (trimmed means and percentile ranks we do not)."""
    return statistic in BASIC or _PERCENTILE.fullmatch(statistic) is not None


def value_of(statistic: str, data: Sequence[Datum]) -> float | None:
    """Return the statistic of ``data``, ``None`` where there is none."""
    data = [datum for datum in data if datum.sample_count > 0]
    if not data:
        return None
    count = sum(datum.sample_count for datum in data)
    total = sum(datum.total for datum in data)
    match statistic:
        case "SampleCount":
            return count
        case "Sum":
            return total
        case "Average":
            return total / count
        case "Minimum":
            return min(datum.minimum for datum in data)
        case "Maximum":
            return max(datum.maximum for datum in data)
        case _:
            return _percentile(float(statistic[1:]), data)


def _percentile(percent: float, data: Sequence[Datum]) -> float | None:
    """Interpolate linearly between the nearest ranks, each value as often as it was seen.

    "Percentile statistics are available only for unsummarized data": a statistic set counts where
    SampleCount is 1, or Min equals Max, and not for negative values.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    if any(datum.minimum < 0 or datum.minimum != datum.maximum for datum in data):
        return None
    ordered = sorted((datum.minimum, datum.sample_count) for datum in data)
    rank = percent / 100 * max(sum(count for _, count in ordered) - 1, 0)
    low = _at(ordered, int(rank))
    fraction = rank - int(rank)
    return low + fraction * (_at(ordered, int(rank) + 1) - low) if fraction else low


def _at(ordered: Sequence[tuple[float, float]], index: int) -> float:
    seen = 0.0
    for value, count in ordered:
        seen += count
        if index < seen:
            return value
    return ordered[-1][0]
