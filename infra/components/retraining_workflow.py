"""Make a candidate out of the newest data, judge it, and promote it if it is better."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components.job_requests import JobRequests
from infra.components.model import Model
from infra.components.permissions import allow, allow_passing, arn
from infra.components.promotion_workflow import PromotionWorkflow
from infra.components.retraining_states import RetrainingStates
from infra.components.retraining_steps import RetrainingSteps
from infra.components.workflow import Workflow

_HAND_OVERS = 4 * 3600
"""Beyond the jobs' own limits: instances found, throttled calls repeated, the handlers."""


class RetrainingWorkflow(Workflow):
    """One execution is one run (contracts.run.RunRequest); its name is the run's id.

    Failures end the execution (infra.components.instances_in_turn says how the one that is caught
    does): the rule on the execution's status notifies and frees the lease, and a redrive resumes
    at the failed step.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        job_role: iam.Role,
        promotion: PromotionWorkflow,
    ) -> None:
        super().__init__(scope, construct_id, model=model, purpose="retraining")
        self._model, self._promotion = model, promotion
        steps = RetrainingSteps(self, "Steps", model=model)
        requests = JobRequests(model=model, role=job_role)
        states = RetrainingStates(model=model, steps=steps, requests=requests, promotion=promotion)
        self.state_machine: sfn.StateMachine = self.define(
            states.all(),
            first="Snapshot",
            limit_seconds=sum(each.turns_seconds for each in requests.instances.values())
            + promotion.limit_seconds
            + _HAND_OVERS,
            comment=f"Retrain {model.name}, and promote what is better",
        )
        self.allow_invoking(*steps.all)
        self._allow_jobs(job_role)
        self._allow_promotion()

    def _allow_jobs(self, job_role: iam.Role) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html."""
        runs = "jobs are named after their run, which exists only at run time"
        for kind in ("training", "processing"):
            call = f"{kind.capitalize()}Job"
            allow(
                self.role,
                *(f"sagemaker:{verb}{call}" for verb in ("Create", "Describe", "Stop")),
                "sagemaker:AddTags",
                "sagemaker:ListTags",
                on=[arn(self, "sagemaker", f"{kind}-job/{self._model.made_at_run_time}")],
                because=runs,
            )
            self._allow_rule(f"StepFunctionsGetEventsForSageMaker{call}sRule")
        allow_passing(self.role, job_role, to="sagemaker.amazonaws.com")

    def _allow_promotion(self) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/dg/concept-create-iam-advanced.html."""
        machine = self._promotion
        allow(self.role, "states:StartExecution", on=[machine.state_machine.state_machine_arn])
        allow(
            self.role,
            "states:DescribeExecution",
            "states:StopExecution",
            on=[arn(self, "states", f"execution:{machine.name}:*", colon=True)],
            because="executions are named after their run, which exists only at run time",
        )
        self._allow_rule("StepFunctionsGetEventsForStepFunctionsExecutionRule")

    def _allow_rule(self, name: str) -> None:
        """The rule by which Step Functions hears that what it waits for has ended."""
        allow(
            self.role,
            "events:PutTargets",
            "events:PutRule",
            "events:DescribeRule",
            on=[arn(Stack.of(self), "events", f"rule/{name}")],
        )
