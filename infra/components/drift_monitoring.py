"""Compare what is asked of the model with what it was trained on, and alarm when it differs."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contracts import metrics
from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import (
    allow,
    allow_key,
    allow_ledger,
    allow_listing,
    allow_objects,
    allow_state,
)
from infra.components.runbook_alarm import RunbookAlarm
from infra.components.schedule import SCHEDULED_TIME, HandlerSchedule


class DriftMonitoring(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, dead_letters: sqs.Queue
    ) -> None:
        super().__init__(scope, construct_id)
        self._model, self._dead_letters = model, dead_letters
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="drift_check",
            card=model.card_path,
            settings=model.settings,
            variables=model.stores.variables(),
            timeout=Duration.minutes(15),
            memory_mib=1024,
            dead_letters=dead_letters,
        )
        self._allow()
        self.alarm = RunbookAlarm(
            self,
            "Alarm",
            metric=self.metric_drifted_share(),
            threshold=model.card.drift.drifted_share,
            what=f"Requests to {model.name} no longer look like the data it was trained on.",
            runbook="drift",
            topic=model.topic,
        )

    def metric_drifted_share(self) -> cloudwatch.Metric:
        return self._metric(metrics.DRIFTED_SHARE, cloudwatch.Stats.MAXIMUM)

    def metric_verdicts(self) -> cloudwatch.Metric:
        return self._metric(metrics.DRIFT_VERDICTS, cloudwatch.Stats.SUM)

    def metric_rows(self) -> cloudwatch.Metric:
        return self._metric(metrics.DRIFT_ROWS, cloudwatch.Stats.SUM)

    def metric_refused(self) -> cloudwatch.Metric:
        return self._metric(metrics.CAPTURES_REFUSED, cloudwatch.Stats.SUM)

    def _metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        model = self._model
        return cloudwatch.Metric(
            namespace=metrics.NAMESPACE,
            metric_name=name,
            dimensions_map={metrics.MODEL: model.name, metrics.ENVIRONMENT: model.settings.name},
            statistic=statistic,
            period=Duration.days(1),
        )

    def on_schedule(self) -> HandlerSchedule:
        return HandlerSchedule(
            self,
            "Schedule",
            expression=self._model.card.drift.schedule,
            handler=self.handler,
            message={"as_of": SCHEDULED_TIME},
            dead_letters=self._dead_letters,
        )

    def _allow(self) -> None:
        role, model = self.handler.role, self._model
        stores, below = model.stores, "a check reads and writes only below its model's prefixes"
        allow_key(role, stores.key)
        allow_state(role, stores.state)
        allow_ledger(role, stores.ledger)
        allow_listing(role, bucket=stores.captures, prefixes=[model.captures])
        # Records that cannot be read are put aside beside the captures.
        allow_objects(
            role,
            "s3:GetObject",
            "s3:PutObject",
            bucket=stores.captures,
            prefixes=[model.captures],
            because=below,
        )
        allow_objects(
            role,
            "s3:GetObject",
            "s3:PutObject",
            bucket=stores.reports,
            prefixes=[model.runs, model.drift_reports],
            because=below,
        )
        allow(
            role,
            "cloudwatch:GetMetricStatistics",
            on=["*"],
            because="CloudWatch narrows reading metrics by no resource",
        )
        allow(
            role,
            "cloudwatch:PutMetricData",
            on=["*"],
            because="metrics have no ARN; the condition narrows this to our own namespace",
            conditions={"StringEquals": {"cloudwatch:namespace": metrics.NAMESPACE}},
        )
