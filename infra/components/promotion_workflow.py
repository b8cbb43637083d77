"""Let one approved version serve: smoke test, canary, bake, roll back on alarm, and say why."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.model import Model
from infra.components.permissions import allow, arn
from infra.components.promotion_requests import PromotionRequests
from infra.components.promotion_states import SMOKE_SECONDS, PromotionStates
from infra.components.promotion_steps import PromotionSteps
from infra.components.workflow import Workflow

_WAITING_SECONDS = 3 * 3600
"""For an endpoint that another hand changes, for an instance to test on, for the handlers."""


class PromotionWorkflow(Workflow):
    """The one way to the endpoint; the retraining workflow and a person start it alike.

    Two things are caught, since their failure says less than what follows: a smoke test's is the
    candidate's or not, and a call that moves the endpoint may have been carried out.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, endpoint_role: iam.Role
    ) -> None:
        super().__init__(scope, construct_id, model=model, purpose="promotion")
        self._model = model
        steps = PromotionSteps(self, "Steps", model=model, endpoint_role=endpoint_role)
        requests = PromotionRequests(model=model)
        self.limit_seconds = (
            2 * requests.update_seconds + SMOKE_SECONDS + _WAITING_SECONDS + requests.trial_seconds
        )
        self.state_machine: sfn.StateMachine = self.define(
            PromotionStates(steps=steps, requests=requests).all(),
            first="Begin",
            limit_seconds=self.limit_seconds,
            comment=f"Promote a version of {model.name}",
        )
        self.allow_invoking(*steps.all)
        self._allow_endpoint()
        self._allow_smoke_test()

    def _allow_endpoint(self) -> None:
        endpoint = arn(self, "sagemaker", f"endpoint/{self._model.endpoint}")
        allow(
            self.role,
            "sagemaker:CreateEndpoint",
            "sagemaker:UpdateEndpoint",
            on=[
                endpoint,
                arn(self, "sagemaker", f"endpoint-config/{self._model.made_at_run_time}"),
            ],
            because="each promotion makes a configuration of its own at run time",
        )
        allow(self.role, "sagemaker:UpdateEndpointWeightsAndCapacities", on=[endpoint])

    def _allow_smoke_test(self) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html."""
        allow(
            self.role,
            *(f"sagemaker:{verb}TransformJob" for verb in ("Create", "Describe", "Stop")),
            "sagemaker:AddTags",
            "sagemaker:ListTags",
            on=[
                arn(self, "sagemaker", f"{kind}/{self._model.made_at_run_time}")
                for kind in ("transform-job", "model")
            ],
            because="a smoke test is named after its deployment, which exists only at run time",
        )
        allow(
            self.role,
            "events:PutTargets",
            "events:PutRule",
            "events:DescribeRule",
            on=[
                arn(
                    Stack.of(self),
                    "events",
                    "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule",
                )
            ],
        )
