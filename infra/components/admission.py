"""The door to retraining, and what knocks on it: the schedule, the drift alarm, new data."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contracts.environment import Variable
from infra.components.delivery import delivered
from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import (
    allow,
    allow_key,
    allow_ledger,
    allow_listing,
    allow_state,
    arn,
)
from infra.components.schedule import SCHEDULED_RUN, SCHEDULED_TIME, HandlerSchedule


class Admission(Construct):
    """Starts at most one run at a time; every refusal says why, in the ledger."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        retraining: sfn.StateMachine,
        machine_name: str,
        code_uri: str,
        code_commit: str,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._model, self._dead_letters = model, dead_letters
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="admission",
            card=model.card_path,
            settings=model.settings,
            variables={
                **model.stores.variables(),
                Variable.RETRAINING_ARN: retraining.state_machine_arn,
                Variable.CODE_URI: code_uri,
                Variable.CODE_COMMIT: code_commit,
            },
            timeout=Duration.minutes(2),
            dead_letters=dead_letters,
        )
        self._allow(retraining, machine_name)

    def on_schedule(self) -> HandlerSchedule:
        return HandlerSchedule(
            self,
            "Schedule",
            expression=self._model.card.triggers.schedule,
            handler=self.handler,
            message={"cause": "schedule", "as_of": SCHEDULED_TIME, "id": SCHEDULED_RUN},
            dead_letters=self._dead_letters,
        )

    def on_drift(self, alarm: cloudwatch.Alarm) -> events.Rule:
        return self._rule(
            "OnDrift",
            what=f"Drift of {self._model.name} asks for a retraining",
            pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[alarm.alarm_arn],
                detail={"state": {"value": ["ALARM"]}},
            ),
        )

    def on_new_data(self) -> events.Rule:
        detail: Mapping[str, object] = {
            "bucket": {"name": [self._model.stores.data.bucket_name]},
            "object": {"key": [{"prefix": self._model.incoming}]},
        }
        return self._rule(
            "OnNewData",
            what=f"New data of {self._model.name} asks for a retraining",
            pattern=events.EventPattern(
                source=["aws.s3"], detail_type=["Object Created"], detail=dict(detail)
            ),
        )

    def _rule(self, construct_id: str, *, what: str, pattern: events.EventPattern) -> events.Rule:
        return events.Rule(
            self,
            construct_id,
            description=what,
            event_pattern=pattern,
            targets=[delivered(self.handler, self._dead_letters)],
        )

    def _allow(self, retraining: sfn.StateMachine, machine_name: str) -> None:
        role, stores = self.handler.role, self._model.stores
        allow_key(role, stores.key)
        allow_state(role, stores.state)
        allow_ledger(role, stores.ledger)
        allow_listing(role, bucket=stores.data, prefixes=[self._model.incoming])
        allow(
            role,
            "ecr:DescribeImages",
            "ecr:DescribeRepositories",
            on=[stores.repository.repository_arn],
        )
        allow(role, "states:StartExecution", on=[retraining.state_machine_arn])
        allow(
            role,
            "states:DescribeExecution",
            on=[arn(role, "states", f"execution:{machine_name}:*", colon=True)],
            because="executions are named after their run, which exists only at run time",
        )
