"""Looks on a schedule which days are missing, and starts one execution that fetches them."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contracts.environment import Variable
from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import allow, allow_key, allow_listing, allow_objects
from infra.components.schedule import SCHEDULED_RUN, SCHEDULED_TIME, HandlerSchedule


class IngestionPlan(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        schedule: str,
        machine_arn: str,
        code_uri: str,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="ingestion_plan",
            card=model.card_path,
            settings=model.settings,
            variables={
                **model.stores.variables(),
                Variable.INGESTION_ARN: machine_arn,
                Variable.CODE_URI: code_uri,
            },
            timeout=Duration.minutes(2),
            dead_letters=dead_letters,
        )
        self._allow(model, machine_arn)
        self.schedule = HandlerSchedule(
            self,
            "Schedule",
            expression=schedule,
            handler=self.handler,
            message={"as_of": SCHEDULED_TIME, "id": SCHEDULED_RUN},
            dead_letters=dead_letters,
        )

    def _allow(self, model: Model, machine_arn: str) -> None:
        role, stores = self.handler.role, model.stores
        allow_key(role, stores.key)
        allow_objects(
            role,
            "s3:GetObject",
            bucket=stores.data,
            prefixes=[model.ingested],
            because="a day's record is named after the day",
        )
        allow_listing(role, bucket=stores.data, prefixes=[model.ingested])
        allow(
            role,
            "ecr:DescribeImages",
            "ecr:DescribeRepositories",
            on=[stores.repository.repository_arn],
        )
        allow(role, "states:StartExecution", "states:ListExecutions", on=[machine_arn])
