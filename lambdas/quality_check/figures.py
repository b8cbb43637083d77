"""The quality check's figures in CloudWatch."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from contracts import metrics
from contracts.quality_report import QualityReport, QualityVerdict, VersionQuality
from quality.answers import SET_ASIDE


class Figures:
    def __init__(self, cloudwatch: Any, *, environment: str) -> None:
        self._cloudwatch = cloudwatch
        self._environment = environment

    def publish(self, report: QualityReport, *, as_of: datetime) -> None:
        """Put the figures at the check's own time, not at the clock's; a window's are few."""
        about = {metrics.MODEL: report.model, metrics.ENVIRONMENT: self._environment}
        data = [_datum(name, value, about | more, as_of) for name, value, more in _of(report)]
        self._cloudwatch.put_metric_data(Namespace=metrics.NAMESPACE, MetricData=data)


def _of(report: QualityReport) -> Iterator[tuple[str, float, dict[str, str]]]:
    aside = sum(
        version.counts.labels.get(str(fate), 0) for version in report.versions for fate in SET_ASIDE
    )
    yield metrics.LABELS_SET_ASIDE, aside + report.refused_labels, {}
    newest = _newest(report)
    if newest is not None and newest.coverage is not None:
        yield metrics.QUALITY_COVERAGE, newest.coverage, {}
    if newest is None or report.verdict is QualityVerdict.NO_VERDICT:
        return
    yield metrics.QUALITY_VERDICTS, 1, {}
    yield metrics.QUALITY_FALLEN, float(report.verdict is QualityVerdict.FALLEN), {}
    for figure in newest.figures:
        yield metrics.QUALITY_FIGURE, figure.value, {metrics.METRIC: figure.metric}


def _newest(report: QualityReport) -> VersionQuality | None:
    """Return the version whose verdict is the window's, or the newest of those without."""
    for version in report.versions:
        if version.verdict is report.verdict:
            return version
    return None


def _datum(name: str, value: float, about: dict[str, str], at: datetime) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Value": value,
        "Timestamp": at,
        "Dimensions": [{"Name": key, "Value": text} for key, text in about.items()],
    }
