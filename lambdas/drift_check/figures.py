"""The drift check's figures in CloudWatch."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from contracts import metrics
from contracts.drift_report import DriftReport, DriftVerdict

_BATCH = 1000
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""


class Figures:
    def __init__(self, cloudwatch: Any, *, environment: str) -> None:
        self._cloudwatch = cloudwatch
        self._environment = environment

    def publish(self, report: DriftReport, *, as_of: datetime) -> None:
        """Put the figures at the check's own time, not at the clock's."""
        data = list(self._data(report, as_of))
        for start in range(0, len(data), _BATCH):
            self._cloudwatch.put_metric_data(
                Namespace=metrics.NAMESPACE, MetricData=data[start : start + _BATCH]
            )

    def publish_gap(self, model: str, share: float, *, as_of: datetime) -> None:
        about = {metrics.MODEL: model, metrics.ENVIRONMENT: self._environment}
        self._cloudwatch.put_metric_data(
            Namespace=metrics.NAMESPACE,
            MetricData=[_datum(metrics.CAPTURE_GAP, share, about, as_of)],
        )

    def _data(self, report: DriftReport, as_of: datetime) -> Iterator[dict[str, Any]]:
        about = {metrics.MODEL: report.model, metrics.ENVIRONMENT: self._environment}
        yield _datum(metrics.DRIFT_ROWS, report.rows, about, as_of)
        yield _datum(metrics.CAPTURES_REFUSED, report.refused_records, about, as_of)
        if report.verdict is DriftVerdict.NO_VERDICT or report.drifted_share is None:
            return
        yield _datum(metrics.DRIFT_VERDICTS, 1, about, as_of)
        yield _datum(metrics.DRIFTED_SHARE, report.drifted_share, about, as_of)
        for feature in report.features:
            named = {**about, metrics.FEATURE: feature.name}
            yield _datum(metrics.FEATURE_PSI, feature.psi, named, as_of)


def _datum(name: str, value: float, about: dict[str, str], at: datetime) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Value": value,
        "Timestamp": at,
        "Dimensions": [{"Name": key, "Value": text} for key, text in about.items()],
    }
