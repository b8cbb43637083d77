"""What promotion itself finds of a candidate, as figures that its alarms watch."""

from typing import Any

from contracts import metrics
from lambdas.promotion.symptoms import Watched, listed


class CandidateFigures:
    def __init__(self, cloudwatch: Any, *, model: str) -> None:
        self._cloudwatch = cloudwatch
        self._model = model

    def publish(self, watched: Watched, *, wrong: int, shift: float | None) -> None:
        """Put them at the service's own time, as those of the requests are."""
        found = {metrics.WRONG_ANSWERS: float(wrong)}
        if shift is not None:
            found[metrics.PREDICTION_SHIFT] = shift
        dimensions = listed(watched.figures(self._model))
        self._cloudwatch.put_metric_data(
            Namespace=metrics.NAMESPACE,
            MetricData=[
                {"MetricName": name, "Value": value, "Dimensions": dimensions}
                for name, value in found.items()
            ],
        )
