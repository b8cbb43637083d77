"""The handlers of a promotion, each with the permissions of its step."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from contracts.environment import Variable
from infra.components import promotion_permissions as permissions
from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import allow_key


class PromotionSteps(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, endpoint_role: iam.Role
    ) -> None:
        super().__init__(scope, construct_id)
        self._model, self._endpoint_role = model, endpoint_role
        self.plan = self._handler("Plan", "plan", timeout=Duration.minutes(5))
        self.smoke = self._handler("Smoke", "smoke", timeout=Duration.minutes(2))
        self.observe = self._handler("Observe", "observe", timeout=Duration.minutes(2))
        self.trial = self._handler("Trial", "trial", timeout=Duration.minutes(2))
        self.confirm = self._handler("Confirm", "confirm", timeout=Duration.minutes(2))
        for step in self.all:
            permissions.allow_looking(step.role, model)
        permissions.allow_planning(self.plan.role, model, endpoint_role)
        permissions.allow_judging_smoke(self.smoke.role, model)
        permissions.allow_observing(self.observe.role, model)
        permissions.allow_observing(self.trial.role, model)
        permissions.allow_confirming(self.confirm.role, model)

    @property
    def all(self) -> tuple[HandlerFunction, ...]:
        return self.plan, self.smoke, self.observe, self.trial, self.confirm

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
