"""How many messages wait in a queue: the metric of SQS that MiniStack does not publish.

AWS publishes it every minute for a queue that was in use within six hours; here always.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from ministack.services import sqs

from emulator.cloudwatch.gauge import Gauge
from emulator.cloudwatch.queries import Metric

SEAMS = ("ministack.services.sqs:_queues",)

_NAMESPACE, _NAME = "AWS/SQS", "ApproximateNumberOfMessagesVisible"


class QueueLevels:
    """The levels of the queues that alarms look at, read whenever the clock looks at alarms."""

    def __init__(self) -> None:
        self._gauges: dict[Metric, Gauge] = {}

    def gauge(self, metric: Metric) -> Gauge | None:
        """Return the level that ``metric`` names, or ``None`` where it is another metric."""
        if (metric.namespace, metric.name) != (_NAMESPACE, _NAME):
            return None
        return self._gauges.setdefault(metric, Gauge())

    def read(self, metric: Metric, now: float) -> None:
        name = dict(metric.dimensions).get("QueueName")
        for queue in list(sqs._queues.values()):
            if queue["attributes"]["QueueArn"].rsplit(":", 1)[-1] == name:
                self._gauges[metric].read(now, _visible(queue["messages"], now))


def _visible(messages: list[dict[str, float]], now: float) -> float:
    return float(sum(message["visible_at"] <= now for message in list(messages)))
