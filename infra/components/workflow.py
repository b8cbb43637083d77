"""A state machine as this project runs them: JSONata, logged whole, traced, bounded in time."""

import json
from collections.abc import Mapping

from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.handler_function import HandlerFunction
from infra.components.model import Model, stack_name
from infra.components.permissions import acknowledge, allow
from infra.components.service_role import ServiceRole
from infra.components.states import State
from infra.jsii_types import implementing


class Workflow(Construct):
    """Named ``perennial-<env>-<model>-<purpose>``: settlement hears of its ends by that name."""

    def __init__(self, scope: Construct, construct_id: str, *, model: Model, purpose: str) -> None:
        super().__init__(scope, construct_id)
        self._model = model
        self.name = f"{stack_name(model.settings.name, model.name)}-{purpose}"
        self.role = ServiceRole(self, "Role", service="states")

    def define(
        self, states: Mapping[str, State], *, first: str, limit_seconds: int, comment: str
    ) -> sfn.StateMachine:
        definition = {
            "Comment": comment,
            "QueryLanguage": "JSONata",
            "StartAt": first,
            "TimeoutSeconds": limit_seconds,
            "States": dict(states),
        }
        settings = self._model.settings
        machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=self.name,
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition)),
            role=implementing(self.role),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self, "Logs", retention=settings.log_retention, removal_policy=settings.removal
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
        )
        acknowledge(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            "log delivery and X-Ray segments (added by StateMachine) name no resource",
        )
        return machine

    def allow_invoking(self, *functions: HandlerFunction) -> None:
        allow(
            self.role,
            "lambda:InvokeFunction",
            on=[function.function.function_arn for function in functions],
        )
