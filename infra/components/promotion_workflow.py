"""Let one approved version serve: canary, bake, roll back on alarm, and say what became of it."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components import states
from infra.components.model import Model
from infra.components.permissions import allow, arn
from infra.components.promotion_steps import PromotionSteps
from infra.components.states import State, expression
from infra.components.workflow import Workflow

_RESULT = "$states.result.Payload"
_INPUT = "$states.context.Execution.Input"
_ABOUT = {
    "request": expression(f"{_INPUT}.request"),
    "package": expression(f"{_INPUT}.package"),
}
_MOVING = "['Creating', 'Updating', 'RollingBack', 'SystemUpdating']"
"""Endpoint states that end by themselves (DescribeEndpoint's EndpointStatus)."""

_UNSETTLED = states.retry(
    "EndpointUnsettled", "ProbesUnanswered", interval=15, attempts=4, most=120
)
"""The endpoint has begun to change again, or does not answer yet; neither says it rolled back."""


class PromotionWorkflow(Workflow):
    """The one way to the endpoint; the retraining workflow and a person start it alike."""

    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, endpoint_role: iam.Role
    ) -> None:
        super().__init__(scope, construct_id, model=model, purpose="promotion")
        self._model = model
        self._steps = PromotionSteps(self, "Steps", model=model, endpoint_role=endpoint_role)
        self._update_seconds = model.card.rollout.bake_seconds + 3600
        self.limit_seconds = self._update_seconds + 2 * 3600
        self.state_machine: sfn.StateMachine = self.define(
            {**self._start(), **self._watch()},
            first="Plan",
            limit_seconds=self.limit_seconds,
            comment=f"Promote a version of {model.name}",
        )
        self.allow_invoking(*self._steps.all)
        self._allow_endpoint()

    def _start(self) -> dict[str, State]:
        action = {"create": "CreateEndpoint", "update": "UpdateEndpoint"}
        return {
            "Plan": states.handler(
                self._steps.plan,
                {**_ABOUT, "execution_id": expression("$states.context.Execution.Id")},
                Assign={"plan": expression(_RESULT)},
                Next="WhatToDo",
            ),
            "WhatToDo": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": expression(f"$plan.action = '{name}'"), "Next": state}
                    for name, state in (
                        *action.items(),
                        ("wait", "EndpointIsBusy"),
                        ("none", "Confirm"),
                    )
                ],
                "Default": "UnknownAction",
            },
            "UnknownAction": {
                "Type": "Fail",
                "Error": "UnknownAction",
                "Cause": expression(
                    "'the plan must be create, update, wait or none, got ' & $string($plan.action)"
                ),
            },
            "EndpointIsBusy": {"Type": "Wait", "Seconds": 30, "Next": "Plan"},
            "CreateEndpoint": states.endpoint_call(
                "createEndpoint", self._endpoint(), Next="LetItWork"
            ),
            "UpdateEndpoint": states.endpoint_call(
                "updateEndpoint",
                {**self._endpoint(), "DeploymentConfig": self._blue_green()},
                Next="LetItWork",
            ),
        }

    def _watch(self) -> dict[str, State]:
        seen = {**_ABOUT, "plan": "{% $plan %}"}
        return {
            "LetItWork": {"Type": "Wait", "Seconds": 60, "Next": "Observe"},
            "Observe": states.handler(
                self._steps.observe,
                seen,
                Assign={"endpoint_status": expression(f"{_RESULT}.status")},
                Next="IsItDone",
            ),
            "IsItDone": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": expression(f"$endpoint_status in {_MOVING}"),
                        "Next": "LetItWork",
                    }
                ],
                "Default": "Confirm",
            },
            "Confirm": states.handler(self._steps.confirm, seen, _UNSETTLED, End=True),
        }

    def _endpoint(self) -> State:
        return {
            "EndpointName": expression("$plan.endpoint"),
            "EndpointConfigName": expression("$plan.deployment"),
        }

    def _blue_green(self) -> State:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html."""
        rollout = self._model.card.rollout
        return {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": rollout.step_percent},
                    "WaitIntervalInSeconds": rollout.bake_seconds,
                },
                "TerminationWaitInSeconds": 0,
                "MaximumExecutionTimeoutInSeconds": self._update_seconds,
            },
            "AutoRollbackConfiguration": {
                "Alarms": expression("[$plan.alarms.{'AlarmName': $}]"),
            },
        }

    def _allow_endpoint(self) -> None:
        allow(
            self.role,
            "sagemaker:CreateEndpoint",
            "sagemaker:UpdateEndpoint",
            on=[
                arn(self, "sagemaker", f"endpoint/{self._model.endpoint}"),
                arn(self, "sagemaker", f"endpoint-config/{self._model.made_at_run_time}"),
            ],
            because="each promotion makes a configuration of its own at run time",
        )
