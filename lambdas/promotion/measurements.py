"""What CloudWatch has measured of a configuration's requests."""

from datetime import datetime, timedelta
from typing import Any

from lambdas.promotion.symptoms import Watched, listed

_RECENT = timedelta(days=1)
_PERIOD = 3600


class Measurements:
    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def median_ms(self, watched: Watched, at: datetime) -> float | None:
        """The median ModelLatency of its last hour with requests, within a day."""
        values = self._values(watched, "ModelLatency", "p50", at)
        return values[0] / 1000 if values else None

    def invocations(self, watched: Watched, at: datetime) -> int:
        """How many requests it has answered within a day; figures come a minute late."""
        return int(sum(self._values(watched, "Invocations", "Sum", at)))

    def most_of_a_minute(
        self, watched: Watched, metric: str, statistic: str, since: datetime, at: datetime
    ) -> float:
        """The largest value that any minute since then had; 0 without requests."""
        values = self._values(watched, metric, statistic, at, since=since, period=60)
        return max(values, default=0.0)

    def _values(
        self,
        watched: Watched,
        metric: str,
        statistic: str,
        at: datetime,
        *,
        since: datetime | None = None,
        period: int = _PERIOD,
    ) -> list[float]:
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "asked",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/SageMaker",
                            "MetricName": metric,
                            "Dimensions": listed(watched.invocations()),
                        },
                        "Period": period,
                        "Stat": statistic,
                    },
                }
            ],
            StartTime=at - _RECENT if since is None else since,
            EndTime=at + timedelta(minutes=1),
            ScanBy="TimestampDescending",
        )
        [result] = answer["MetricDataResults"]
        # Sorted here as well: what is "last" decides.
        times = zip(result["Timestamps"], result["Values"], strict=True)
        return [value for _, value in sorted(times, reverse=True)]
