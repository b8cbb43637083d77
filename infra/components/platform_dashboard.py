"""All models of an environment at a glance: who is asked, who fails, whether people are told."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_sns as sns
from constructs import Construct

from contracts import metrics, naming
from infra.components.dashboard_rows import Graph, Rows
from infra.components.dead_letters import DeadLetters
from infra.components.model import stack_name
from infra.jsii_types import implementing
from infra.settings import Settings

_HOUR, _DAY = 3600, 86_400


class PlatformDashboard(Construct):
    """Searches find the models: one that is added shows up by itself, and changes nothing here.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        topic: sns.Topic,
        dead_letters: DeadLetters,
        settlement: functions.Function,
    ) -> None:
        super().__init__(scope, construct_id)
        self._environment = settings.name.value
        rows = Rows(self, "Dashboard", name=f"{stack_name(settings.name, 'platform')}-{Aws.REGION}")
        rows.alarms("Told to people", [dead_letters.alarm])
        rows.graphs(
            self._of_endpoints("Requests of each endpoint", "Invocations", "Sum"),
            self._of_endpoints("5xx of each endpoint", "Invocation5XXErrors", "Sum"),
            self._of_endpoints("p99 of each endpoint, µs", "ModelLatency", "p99"),
        )
        rows.graphs(
            self._of_models("Share of drifted features", metrics.DRIFTED_SHARE, "Maximum"),
            self._of_models("Verdicts of drift checks", metrics.DRIFT_VERDICTS, "Sum"),
            self._of_models("Captures missing", metrics.CAPTURE_GAP, "Maximum"),
            self._of_models("Pointer and endpoint differ", metrics.MISMATCHES, "Maximum"),
        )
        hour = Duration.hours(1)
        waiting = dead_letters.queue.metric_approximate_number_of_messages_visible(period=hour)
        rows.graphs(
            ("Notices that reached nobody", [topic.metric_number_of_notifications_failed()]),
            ("Ends of runs that could not be told", [settlement.metric_errors(period=hour)]),
            ("Dead letters", [waiting]),
        )

    def _of_endpoints(self, title: str, metric: str, statistic: str) -> Graph:
        """An endpoint's name ends in the environment's, and words of a name are searched for."""
        schema = "AWS/SageMaker,EndpointName,VariantName"
        wanted = f'{self._environment} VariantName="{naming.VARIANT}"'
        return title, [_search(schema, f'MetricName="{metric}" {wanted}', statistic, _HOUR)]

    def _of_models(self, title: str, metric: str, statistic: str) -> Graph:
        schema = f"{metrics.NAMESPACE},{metrics.ENVIRONMENT},{metrics.MODEL}"
        wanted = f'MetricName="{metric}" {metrics.ENVIRONMENT}="{self._environment}"'
        return title, [_search(schema, wanted, statistic, _DAY)]


def _search(schema: str, wanted: str, statistic: str, seconds: int) -> cloudwatch.IMetric:
    return implementing(
        cloudwatch.MathExpression(
            expression=f"SEARCH('{{{schema}}} {wanted}', '{statistic}', {seconds})",
            using_metrics={},
            label="",
            period=Duration.seconds(seconds),
        )
    )
