"""The handlers of batch scoring, each allowed what its step does and nothing else."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from contracts import layout
from contracts.environment import Variable
from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import (
    allow,
    allow_key,
    allow_ledger,
    allow_listing,
    allow_objects,
    allow_passing,
    allow_state,
    arn,
)
from infra.components.registry import allow_reading_versions

_BELOW = "batches are named when they are asked for, all below one prefix of the model's"


class BatchSteps(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, endpoint_role: iam.Role
    ) -> None:
        super().__init__(scope, construct_id)
        self._model, self._endpoint_role = model, endpoint_role
        self.plan = self._handler("Plan", "plan", timeout=Duration.minutes(5))
        self.verify = self._handler("Verify", "verify", timeout=Duration.minutes(15))
        self._allow_planning()
        allow_ledger(self.verify.role, model.stores.ledger)

    def _handler(self, construct_id: str, entry: str, *, timeout: Duration) -> HandlerFunction:
        model = self._model
        step = HandlerFunction(
            self,
            construct_id,
            package="batch_scoring",
            entry=entry,
            card=model.card_path,
            settings=model.settings,
            variables={
                **model.stores.variables(),
                Variable.ENDPOINT_ROLE_ARN: self._endpoint_role.role_arn,
            },
            timeout=timeout,
            memory_mib=512,
        )
        allow_key(step.role, model.stores.key)
        allow_objects(
            step.role,
            "s3:GetObject",
            "s3:PutObject",
            bucket=model.stores.data,
            prefixes=[layout.batch_prefix(model.name)],
            because=_BELOW,
        )
        return step

    def _allow_planning(self) -> None:
        role, model = self.plan.role, self._model
        allow_listing(role, bucket=model.stores.data, prefixes=[layout.batch_prefix(model.name)])
        allow_state(role, model.stores.state)
        allow_reading_versions(role, model)
        allow(
            role,
            "sagemaker:DescribeModel",
            "sagemaker:CreateModel",
            "sagemaker:AddTags",
            on=[arn(role, "sagemaker", f"model/{model.made_at_run_time}")],
            because="Models are named after versions, which run time makes",
        )
        allow_passing(role, self._endpoint_role, to="sagemaker.amazonaws.com")
