"""Alarms on the endpoint that serves, whichever version that is: its answers, its captures."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from contracts import metrics, naming
from infra.components.model import Model
from infra.components.runbook_alarm import RunbookAlarm
from infra.jsii_types import implementing

_FIVE_MINUTES = Duration.minutes(5)


class EndpointAlarms(Construct):
    """On what callers feel; rollback alarms, on a candidate's own configuration, are promotion's.

    They tell nobody: ``IncidentAlarms`` do, once for however many of them one cause sets off.

    An endpoint that nobody asks publishes nothing, and nobody is hurt: missing data are not
    breaching, everywhere. Two of three periods must be bad, so that one odd minute wakes nobody.
    """

    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(scope, construct_id)
        self._model = model
        limits = model.card.serving.alarms
        self.errors = self._alarm(
            "Errors",
            self.metric_share("Invocation5XXErrors"),
            limits.max_5xx_share,
            "does not answer: requests end in 5xx.",
            "endpoint-5xx",
        )
        self.refusals = self._alarm(
            "Refusals",
            self.metric_share("Invocation4XXErrors"),
            limits.max_4xx_share,
            "refuses what it is asked: requests end in 4xx.",
            "endpoint-4xx",
        )
        self.latency = self._alarm(
            "Latency",
            self.metric_latency(),
            model.card.rollout.max_latency_ms * 1000,  # ModelLatency is in microseconds
            "answers slowly (p99 of ModelLatency).",
            "endpoint-latency",
        )
        self.capture_gap = RunbookAlarm(
            self,
            "CaptureGap",
            metric=self.metric_capture_gap(),
            threshold=limits.max_capture_gap,
            what=f"Requests that {model.endpoint} answered were captured nowhere.",
            runbook="capture-gap",
            topic=None,
        )

    def metric_share(self, errors: str) -> cloudwatch.IMetric:
        """The share of requests that ended so; too few requests are no share, and no alarm."""
        least = self._model.card.serving.alarms.min_requests
        return implementing(
            cloudwatch.MathExpression(
                expression=f"IF(requests >= {least}, errors / requests, 0)",
                using_metrics={
                    "requests": implementing(self.metric_requests()),
                    "errors": implementing(self._metric(errors, statistic="Sum")),
                },
                label=f"{errors} as a share",
                period=_FIVE_MINUTES,
            )
        )

    def metric_requests(self) -> cloudwatch.Metric:
        return self._metric("Invocations", statistic="Sum")

    def metric_latency(self, statistic: str = "p99") -> cloudwatch.Metric:
        """Microseconds in the container."""
        return self._metric("ModelLatency", statistic=statistic)

    def metric_capture_gap(self) -> cloudwatch.Metric:
        model = self._model
        return cloudwatch.Metric(
            namespace=metrics.NAMESPACE,
            metric_name=metrics.CAPTURE_GAP,
            dimensions_map={metrics.MODEL: model.name, metrics.ENVIRONMENT: model.settings.name},
            statistic=cloudwatch.Stats.MAXIMUM,
            period=Duration.days(1),
        )

    def _metric(self, name: str, *, statistic: str) -> cloudwatch.Metric:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html."""
        return cloudwatch.Metric(
            namespace="AWS/SageMaker",
            metric_name=name,
            dimensions_map={"EndpointName": self._model.endpoint, "VariantName": naming.VARIANT},
            statistic=statistic,
            period=_FIVE_MINUTES,
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        what: str,
        runbook: str,
    ) -> RunbookAlarm:
        return RunbookAlarm(
            self,
            construct_id,
            metric=metric,
            threshold=threshold,
            what=f"{self._model.endpoint} {what}",
            runbook=runbook,
            topic=None,
            datapoints=2,
            periods=3,
        )
