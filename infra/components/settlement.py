"""Settle every end of a run: free its lease, write the ledger, notify once."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contracts.environment import Variable
from infra.components.delivery import delivered
from infra.components.handler_function import HandlerFunction
from infra.components.model import stack_name
from infra.components.permissions import allow, allow_key, allow_ledger, allow_state, arn
from infra.components.stores import Stores
from infra.settings import Settings


class Settlement(Construct):
    """Hears of every workflow by the prefix of its name, so that a new model changes nothing."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stores: Stores,
        topic: sns.Topic,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        self._dead_letters = dead_letters
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="settlement",
            settings=settings,
            variables={**stores.variables(), Variable.TOPIC_ARN: topic.topic_arn},
            timeout=Duration.minutes(2),
            dead_letters=dead_letters,
        )
        workflows = stack_name(settings.name, "*")
        machines = arn(self, "states", f"stateMachine:{workflows}", colon=True)
        ends = {"status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]}
        redrives = {"status": ["RUNNING"], "redriveCount": [{"numeric": [">", 0]}]}
        self._rule("OnEnd", "A workflow has ended", machines, ends)
        self._rule("OnRedrive", "A workflow runs again after a redrive", machines, redrives)
        self._allow(stores, topic, workflows)

    def _rule(
        self, construct_id: str, what: str, machines: str, detail: Mapping[str, object]
    ) -> None:
        # https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        events.Rule(
            self,
            construct_id,
            description=what,
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [{"wildcard": machines}], **detail},
            ),
            targets=[delivered(self.handler, self._dead_letters)],
        )

    def _allow(self, stores: Stores, topic: sns.Topic, workflows: str) -> None:
        role = self.handler.role
        allow_key(role, stores.key)
        allow_state(role, stores.state)
        allow_ledger(role, stores.ledger)
        allow(role, "sns:Publish", on=[topic.topic_arn])
        allow(
            role,
            "states:DescribeExecution",
            "states:GetExecutionHistory",
            on=[arn(role, "states", f"execution:{workflows}:*", colon=True)],
            because="it explains every workflow of the environment, those of later models too",
        )
        allow(
            role,
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
            on=[
                arn(role, "logs", f"log-group:/aws/sagemaker/{kind}Jobs:*", colon=True)
                for kind in ("Training", "Processing", "Transform")
            ],
            because="a job's streams are named after it, which exists only at run time",
        )
