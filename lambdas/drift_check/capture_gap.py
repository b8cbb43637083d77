"""Were the requests that the endpoint answered captured, as many as the card's sample has?"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts import naming

_MINUTE = timedelta(minutes=1)
_SIGMAS = 3
"""What a sample of so many requests may lack by chance alone is no gap."""


class Answered:
    """The live variant's own count of the requests it answered, from CloudWatch."""

    def __init__(self, cloudwatch: Any, *, endpoint: str) -> None:
        self._cloudwatch = cloudwatch
        self._endpoint = endpoint

    def count(self, start: datetime, end: datetime) -> float:
        """Requests of [start, end) without those that were refused or failed.

        CloudWatch knows whole minutes: a first one that began before the window is left out, so
        that what is asked for is never more than what the window may hold.
        """
        first, last = _minute(start + _MINUTE - timedelta(microseconds=1)), _minute(end)
        if first >= last:
            return 0.0
        asked = self._sum("Invocations", first, last)
        if not asked:
            return 0.0
        errors = ("Invocation4XXErrors", "Invocation5XXErrors")
        return asked - sum(self._sum(name, first, last) for name in errors)

    def _sum(self, metric: str, start: datetime, end: datetime) -> float:
        points = self._cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[
                {"Name": "EndpointName", "Value": self._endpoint},
                {"Name": "VariantName", "Value": naming.VARIANT},
            ],
            StartTime=start,
            EndTime=end,
            Period=_period(end - start),
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)


def gap(captured: int, answered: float, *, percent: int) -> float | None:
    """Return the share that is missing; None where nothing was answered.

    >>> gap(95, 100, percent=100)
    0.05
    >>> gap(4, 100, percent=10), gap(0, 100, percent=10), gap(7, 0, percent=100)
    (0.0, 0.1, None)
    """
    expected = answered * percent / 100
    if expected <= 0:
        return None
    chance = _SIGMAS * math.sqrt(expected * (1 - percent / 100))
    return round(max(0.0, 1 - (captured + chance) / expected), 4)


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _period(span: timedelta) -> int:
    """In seconds: at most 1,440 data points come back, and old ones are kept by 5 minutes or hours.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    A window ends at the check, so that it is as old as it is long.
    """
    days = span / timedelta(days=1)
    kept = 60 if days < 15 else 300 if days < 63 else 3600
    return kept * max(1, math.ceil(span.total_seconds() / kept / 1440))
