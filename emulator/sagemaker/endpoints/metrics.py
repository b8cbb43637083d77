"""The AWS/SageMaker metrics of invocations, counted per request and published each second.

Names, units and values follow
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html and, for the third
dimension ``EndpointConfigName`` that tells a candidate's fleet from the old one,
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_VALUES = 150
"""PutMetricData takes 150 different values a datum:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html"""
_BATCH = 200
_MICROSECONDS = ("ModelLatency", "OverheadLatency", "ModelSetupTime")


class Meter:
    """Counts for one variant of one config of an endpoint.

    Errors are 1 or 0 *for each request*, so that Average is the error rate and Sum the number
    of errors; equal values of a second travel together as ``Values`` with ``Counts``. Latencies
    are kept to three digits.
    """

    def __init__(self, *, endpoint: str, variant: str, config: str) -> None:
        endpoint_and_variant = [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ]
        self._dimensions = (
            endpoint_and_variant,
            [*endpoint_and_variant, {"Name": "EndpointConfigName", "Value": config}],
        )
        self._seconds: dict[datetime, dict[str, Counter[float]]] = {}
        self._lock = threading.Lock()
        self._publishing = threading.Lock()
        self._unsent: list[dict[str, Any]] = []

    def count(
        self, at: datetime, *, status: int, model: float, overhead: float, instances: int
    ) -> None:
        """Record one request: ``status`` of the container, seconds in it and around it."""
        second = at.replace(microsecond=0)
        with self._lock:
            counters = self._seconds.get(second)
            if counters is None:
                counters = self._seconds[second] = {name: Counter[float]() for name in _NAMES}
            counters["Invocations"][1] += 1
            counters["InvocationsPerInstance"][1 / max(1, instances)] += 1
            counters["Invocation4XXErrors"][int(400 <= status < 500)] += 1
            counters["Invocation5XXErrors"][int(status >= 500)] += 1
            counters["InvocationModelErrors"][int(not 200 <= status < 300)] += 1
            counters["ModelLatency"][_microseconds(model)] += 1
            counters["OverheadLatency"][_microseconds(overhead)] += 1

    def set_up(self, at: datetime, seconds: float) -> None:
        """Record how long new compute of a serverless endpoint took to launch."""
        second = at.replace(microsecond=0)
        with self._lock:
            counters = self._seconds.setdefault(second, {name: Counter[float]() for name in _NAMES})
            counters["ModelSetupTime"][_microseconds(seconds)] += 1

    def publish(self, cloudwatch: Any) -> None:
        """Send all there is; what could not be sent goes with the next time."""
        with self._publishing:
            self._unsent += self._taken()
            while self._unsent:
                cloudwatch.put_metric_data(
                    Namespace="AWS/SageMaker", MetricData=self._unsent[:_BATCH]
                )
                del self._unsent[:_BATCH]

    def _taken(self) -> Iterator[dict[str, Any]]:
        """Yield what was counted since the last time, as MetricDatum."""
        with self._lock:
            seconds, self._seconds = self._seconds, {}
        for second, counters in seconds.items():
            for name, counter in counters.items():
                pairs = list(counter.items())
                for start in range(0, len(pairs), _VALUES):
                    values, counts = zip(*pairs[start : start + _VALUES], strict=True)
                    for dimensions in self._dimensions:
                        yield {
                            "MetricName": name,
                            "Dimensions": dimensions,
                            "Timestamp": second,
                            "Values": list(values),
                            "Counts": list(counts),
                            "Unit": "Microseconds" if name in _MICROSECONDS else "None",
                        }


_NAMES = (
    "Invocations",
    "InvocationsPerInstance",
    "Invocation4XXErrors",
    "Invocation5XXErrors",
    "InvocationModelErrors",
    "ModelLatency",
    "OverheadLatency",
    "ModelSetupTime",
)


def _microseconds(seconds: float) -> float:
    return float(f"{max(0.0, seconds) * 1e6:.3g}")
