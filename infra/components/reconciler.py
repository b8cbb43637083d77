"""Compare pointer, registry and endpoint whenever one of them may have changed, and by schedule."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contracts import metrics
from infra.components.delivery import delivered
from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import allow, allow_key, allow_ledger, allow_state, arn
from infra.components.registry import allow_reading_versions
from infra.components.runbook_alarm import RunbookAlarm
from infra.components.schedule import SCHEDULED_TIME, HandlerSchedule

_ENDED = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


class Reconciler(Construct):
    """Only looks: what heals a mismatch is a person's decision, and the runbook names it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        promotion: sfn.StateMachine,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._model, self._dead_letters = model, dead_letters
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="reconciler",
            card=model.card_path,
            settings=model.settings,
            variables=model.stores.variables(),
            timeout=Duration.minutes(1),
            dead_letters=dead_letters,
        )
        self._allow()
        self.alarm = self._alarm()
        self.triggers: list[Construct] = [*self._on_events(promotion), self._on_schedule()]

    def metric_mismatches(self) -> cloudwatch.Metric:
        model = self._model
        return cloudwatch.Metric(
            namespace=metrics.NAMESPACE,
            metric_name=metrics.MISMATCHES,
            dimensions_map={metrics.MODEL: model.name, metrics.ENVIRONMENT: model.settings.name},
            statistic=cloudwatch.Stats.MAXIMUM,
            period=Duration.minutes(1),
        )

    def _alarm(self) -> RunbookAlarm:
        return RunbookAlarm(
            self,
            "Alarm",
            metric=self.metric_mismatches(),
            threshold=1,
            what=f"Champion pointer, registry and endpoint of {self._model.name} differ.",
            runbook="champion-mismatch",
            topic=None,  # IncidentAlarms tell of it
            # Compared when something changes: until then what was found last still holds.
            missing_data=cloudwatch.TreatMissingData.IGNORE,
        )

    def _on_events(self, promotion: sfn.StateMachine) -> list[events.Rule]:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html.

        A deleted model package has no event there: it is found by the schedule.
        """
        model = self._model
        return [
            self._rule(
                "OnEndpoint",
                "The endpoint has changed",
                "aws.sagemaker",
                "SageMaker Endpoint State Change",
                {"EndpointName": [model.endpoint]},
            ),
            self._rule(
                "OnVersion",
                "A version of the model has changed in the registry",
                "aws.sagemaker",
                "SageMaker Model Package State Change",
                {"ModelPackageGroupName": [model.package_group]},
            ),
            self._rule(
                "OnPromotion",
                "A promotion has ended",
                "aws.states",
                "Step Functions Execution Status Change",
                {"stateMachineArn": [promotion.state_machine_arn], "status": _ENDED},
            ),
        ]

    def _rule(
        self,
        construct_id: str,
        what: str,
        source: str,
        detail_type: str,
        detail: dict[str, list[str]],
    ) -> events.Rule:
        return events.Rule(
            self,
            construct_id,
            description=f"{what}: do pointer, registry and endpoint still agree?",
            event_pattern=events.EventPattern(
                source=[source], detail_type=[detail_type], detail=dict(detail)
            ),
            targets=[delivered(self.handler, self._dead_letters)],
        )

    def _on_schedule(self) -> HandlerSchedule:
        return HandlerSchedule(
            self,
            "Schedule",
            expression=f"rate({self._model.settings.reconcile_minutes} minutes)",
            handler=self.handler,
            message={"as_of": SCHEDULED_TIME},
            dead_letters=self._dead_letters,
        )

    def _allow(self) -> None:
        role, model = self.handler.role, self._model
        allow_key(role, model.stores.key)
        allow_state(role, model.stores.state)
        allow_ledger(role, model.stores.ledger)
        allow_reading_versions(role, model)
        named = model.made_at_run_time
        allow(
            role,
            "sagemaker:DescribeEndpoint",
            "sagemaker:DescribeEndpointConfig",
            "sagemaker:DescribeModel",
            on=[
                arn(role, "sagemaker", f"endpoint/{model.endpoint}"),
                arn(role, "sagemaker", f"endpoint-config/{named}"),
                arn(role, "sagemaker", f"model/{named}"),
            ],
            because="deployments are named after versions, which run time makes",
        )
        allow(
            role,
            "cloudwatch:PutMetricData",
            on=["*"],
            because="metrics have no ARN; the condition narrows this to our own namespace",
            conditions={"StringEquals": {"cloudwatch:namespace": metrics.NAMESPACE}},
        )
