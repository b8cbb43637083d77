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

    def _values(self, watched: Watched, metric: str, statistic: str, at: datetime) -> list[float]:
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
                        "Period": _PERIOD,
                        "Stat": statistic,
                    },
                }
            ],
            StartTime=at - _RECENT,
            EndTime=at + timedelta(minutes=1),
            ScanBy="TimestampDescending",
        )
        [result] = answer["MetricDataResults"]
        # Sorted here as well: what is "last" decides.
        times = zip(result["Timestamps"], result["Values"], strict=True)
        return [value for _, value in sorted(times, reverse=True)]
