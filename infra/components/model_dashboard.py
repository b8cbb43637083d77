"""One model at a glance: what callers feel, what serves, what it is asked, what its loop does."""

from collections.abc import Sequence

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contracts import metrics
from infra.components.dashboard_rows import Rows
from infra.components.dead_letters import DeadLetters
from infra.components.drift_monitoring import DriftMonitoring
from infra.components.endpoint_care import EndpointCare
from infra.components.model import Model, stack_name
from infra.components.runbook_alarm import RunbookAlarm
from infra.jsii_types import implementing

_HOUR = Duration.hours(1)


class ModelDashboard(Construct):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        care: EndpointCare,
        drift: DriftMonitoring,
        dead_letters: DeadLetters,
        machines: Sequence[sfn.StateMachine],
        alarms: Sequence[RunbookAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        # Dashboards belong to an account, not to a region.
        name = f"{stack_name(model.settings.name, model.name)}-{Aws.REGION}"
        self._rows = Rows(self, "Dashboard", name=name)
        told = [care.told.incident, *([care.told.warning] if care.told.warning else [])]
        self._rows.alarms("Told to people", told)
        self._rows.alarms("All alarms", alarms)
        self._callers(care)
        self._instances(care)
        self._requests(model, drift, care)
        self._loop(machines, dead_letters)

    def _callers(self, care: EndpointCare) -> None:
        of = care.alarms
        if of is None:
            return
        self._rows.graphs(
            ("Requests", [of.metric_requests()]),
            ("Share of 5xx", [of.metric_share("Invocation5XXErrors")]),
            ("Share of 4xx", [of.metric_share("Invocation4XXErrors")]),
            ("Time in the container, µs", [of.metric_latency("p50"), of.metric_latency("p99")]),
        )

    def _instances(self, care: EndpointCare) -> None:
        of = care.instances
        if of is None:
            return
        names = ("CPUUtilization", "MemoryUtilization", "DiskUtilization")
        # The lowest beside the highest: all instances, or one?
        self._rows.graphs(
            *(
                (name, [of.metric(name), of.metric(name, cloudwatch.Stats.MINIMUM)])
                for name in names
            )
        )

    def _requests(self, model: Model, drift: DriftMonitoring, care: EndpointCare) -> None:
        gap = [] if care.alarms is None else [care.alarms.metric_capture_gap()]
        self._rows.graphs(
            ("Share of drifted features", [drift.metric_drifted_share()]),
            ("PSI of each feature", [_of_features(model)]),
            ("Rows judged, records refused", [drift.metric_rows(), drift.metric_refused()]),
        )
        self._rows.graphs(
            ("Verdicts of the drift check", [drift.metric_verdicts()]),
            ("Captures missing, pointer and endpoint differing", [*gap, care.metric_mismatches()]),
        )

    def _loop(self, machines: Sequence[sfn.StateMachine], dead_letters: DeadLetters) -> None:
        waiting = dead_letters.queue.metric_approximate_number_of_messages_visible(period=_HOUR)
        self._rows.graphs(
            ("Runs that ended well", [each.metric_succeeded(period=_HOUR) for each in machines]),
            ("Runs that failed", [each.metric_failed(period=_HOUR) for each in machines]),
            ("Dead letters", [waiting]),
        )


def _of_features(model: Model) -> cloudwatch.IMetric:
    """Every feature, those of a later card too, without naming any here."""
    dimensions = f"{metrics.ENVIRONMENT},{metrics.FEATURE},{metrics.MODEL}"
    wanted = (
        f'MetricName="{metrics.FEATURE_PSI}" {metrics.MODEL}="{model.name}" '
        f'{metrics.ENVIRONMENT}="{model.settings.name}"'
    )
    search = f"SEARCH('{{{metrics.NAMESPACE},{dimensions}}} {wanted}', 'Maximum', 86400)"
    return implementing(
        cloudwatch.MathExpression(
            expression=search, using_metrics={}, label="", period=Duration.days(1)
        )
    )
