"""The handlers of a promotion, each allowed what its step does and nothing else."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from contracts.environment import Variable
from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import (
    allow,
    allow_key,
    allow_ledger,
    allow_objects,
    allow_passing,
    allow_state,
    arn,
)
from infra.components.registry import allow_judging, allow_keeping, allow_reading_versions
from infra.components.scaling import allow_scaling

_BELOW = "a step reads only below its model's own prefixes"
_DEPLOYMENTS = "deployments and their alarms are named after versions, which run time makes"


class PromotionSteps(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, endpoint_role: iam.Role
    ) -> None:
        super().__init__(scope, construct_id)
        self._model, self._endpoint_role = model, endpoint_role
        self.plan = self._handler("Plan", "plan", timeout=Duration.minutes(5))
        self.observe = self._handler("Observe", "observe", timeout=Duration.minutes(2))
        self.confirm = self._handler("Confirm", "confirm", timeout=Duration.minutes(2))
        for step in self.all:
            self._allow_looking(step.role)
        for step in (self.observe, self.confirm):
            self._allow_probing(step.role)
        self._allow_planning()
        self._allow_confirming()

    @property
    def all(self) -> tuple[HandlerFunction, ...]:
        return self.plan, self.observe, self.confirm

    def _handler(self, construct_id: str, entry: str, *, timeout: Duration) -> HandlerFunction:
        model = self._model
        step = HandlerFunction(
            self,
            construct_id,
            package="promotion",
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
        return step

    def _allow_looking(self, role: iam.Role) -> None:
        model = self._model
        allow_reading_versions(role, model)
        allow(
            role,
            "sagemaker:DescribeEndpoint",
            "sagemaker:DescribeEndpointConfig",
            "sagemaker:DescribeModel",
            on=[
                arn(role, "sagemaker", f"endpoint/{model.endpoint}"),
                *self._deployments(role),
            ],
            because=_DEPLOYMENTS,
        )

    def _allow_planning(self) -> None:
        role, model = self.plan.role, self._model
        allow_state(role, model.stores.state)
        allow_objects(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            bucket=model.stores.artifacts,
            prefixes=[model.artifacts],
            because=_BELOW,
        )
        allow(
            role,
            "sagemaker:CreateModel",
            "sagemaker:CreateEndpointConfig",
            "sagemaker:AddTags",
            on=self._deployments(role),
            because=_DEPLOYMENTS,
        )
        allow(
            role,
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:DescribeAlarms",
            on=[self._alarms(role)],
            because=_DEPLOYMENTS,
        )
        # An endpoint that failed to come up is deleted before it is made again.
        allow(
            role,
            "sagemaker:DeleteEndpoint",
            on=[arn(role, "sagemaker", f"endpoint/{model.endpoint}")],
        )
        allow_passing(role, self._endpoint_role, to="sagemaker.amazonaws.com")

    def _allow_probing(self, role: iam.Role) -> None:
        model = self._model
        allow(
            role,
            "sagemaker:InvokeEndpoint",
            on=[arn(role, "sagemaker", f"endpoint/{model.endpoint}")],
        )
        allow_objects(
            role,
            "s3:GetObject",
            bucket=model.stores.reports,
            prefixes=[model.runs],
            because=_BELOW,
        )

    def _allow_confirming(self) -> None:
        role, stores = self.confirm.role, self._model.stores
        allow_state(role, stores.state)
        allow_ledger(role, stores.ledger)
        allow_judging(role, self._model)
        allow_keeping(role, self._model)
        allow_scaling(role, self._model)
        allow(
            role,
            "cloudwatch:DescribeAlarms",
            "cloudwatch:DeleteAlarms",
            on=[self._alarms(role)],
            because=_DEPLOYMENTS,
        )

    def _deployments(self, role: iam.Role) -> list[str]:
        named = self._model.made_at_run_time
        return [arn(role, "sagemaker", f"{kind}/{named}") for kind in ("model", "endpoint-config")]

    def _alarms(self, role: iam.Role) -> str:
        return arn(role, "cloudwatch", f"alarm:{self._model.made_at_run_time}", colon=True)
