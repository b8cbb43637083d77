"""Make a candidate out of the newest data, judge it, and promote it if it is better."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.components import job_inputs, states
from infra.components.job_requests import JobRequests
from infra.components.model import Model
from infra.components.permissions import allow, allow_passing, arn
from infra.components.promotion_workflow import PromotionWorkflow
from infra.components.retraining_steps import RetrainingSteps
from infra.components.states import REDRIVES, State, expression
from infra.components.workflow import Workflow

_RESULT = "$states.result.Payload"
_CHAMPION_URI = "$states.input.champion ? $states.input.champion.model_data_url : ''"
"""``champion`` is null before the first promotion, and an expression must return something."""
_HAND_OVERS = 4 * 3600
"""Beyond the jobs' own limits: instances found, throttled calls repeated, the handlers."""


class RetrainingWorkflow(Workflow):
    """One execution is one run (contracts.run.RunRequest); its name is the run's id.

    Tasks fail the execution instead of being caught: the rule on the execution's status notifies
    and frees the lease, and a redrive resumes at the failed state.
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
        self._steps = RetrainingSteps(self, "Steps", model=model)
        self._requests = JobRequests(model=model, role=job_role)
        card = model.card
        jobs = (card.processing, card.training, card.processing)
        self.state_machine: sfn.StateMachine = self.define(
            {**self._make_candidate(), **self._judge_candidate()},
            first="Snapshot",
            limit_seconds=sum(job.max_runtime_seconds for job in jobs)
            + promotion.limit_seconds
            + _HAND_OVERS,
            comment=f"Retrain {model.name}, and promote what is better",
        )
        self.allow_invoking(*self._steps.all)
        self._allow_jobs(job_role)
        self._allow_promotion()

    def _make_candidate(self) -> dict[str, State]:
        card, requests = self._model.card, self._requests
        about = {"request": "{% $request %}", "snapshot": "{% $snapshot %}"}
        artifact = "$states.result.ModelArtifacts.S3ModelArtifacts"
        return {
            "Snapshot": states.handler(
                self._steps.snapshot,
                {"request": "{% $states.input %}"},
                Assign={
                    "request": "{% $states.input %}",
                    "snapshot": expression(_RESULT),
                    "inputs": job_inputs.run_inputs(
                        card, snapshot=_RESULT, request="$states.input"
                    ),
                    "champion_uri": expression(_CHAMPION_URI),
                    "champion": job_inputs.processing_input(
                        "champion", _CHAMPION_URI, folder="champion"
                    ),
                },
                Next="Validate",
            ),
            "Validate": states.job(
                "createProcessingJob",
                requests.validation(),
                limit_seconds=card.processing.max_runtime_seconds,
                Next="JudgeData",
            ),
            "JudgeData": states.handler(self._steps.data_gate, about, Next="Train"),
            "Train": states.job(
                "createTrainingJob",
                requests.training(),
                limit_seconds=card.training.max_runtime_seconds,
                Assign={
                    "training": {
                        "job_name": expression("$states.result.TrainingJobName"),
                        "model_data_url": expression(artifact),
                    },
                    "candidate": job_inputs.processing_input(
                        "candidate", artifact, folder="candidate"
                    ),
                },
                Next="Evaluate",
            ),
        }

    def _judge_candidate(self) -> dict[str, State]:
        run = {"request": "{% $request %}", "package": "{% $package %}"}
        candidate = {
            "request": "{% $request %}",
            "snapshot": "{% $snapshot %}",
            "training": "{% $training %}",
        }
        approved = expression("$judgement.verdict = 'approved'")
        return {
            "Evaluate": states.job(
                "createProcessingJob",
                self._requests.evaluation(),
                limit_seconds=self._model.card.processing.max_runtime_seconds,
                Next="Register",
            ),
            "Register": states.handler(
                self._steps.registration,
                candidate,
                Assign={"package": expression(_RESULT)},
                Next="JudgeCandidate",
            ),
            "JudgeCandidate": states.handler(
                self._steps.gate,
                run,
                Assign={"judgement": expression(_RESULT)},
                Next="WasApproved",
            ),
            "WasApproved": {
                "Type": "Choice",
                "Choices": [{"Condition": approved, "Next": "Promote"}],
                "Default": "ChampionStays",
            },
            "Promote": self._promote(run),
            "ChampionStays": {
                "Type": "Succeed",
                "Output": _outcome(expression("$judgement.verdict")),
            },
        }

    def _promote(self, run: State) -> State:
        """The execution's id makes the console, and settlement, see who started the promotion."""
        started_by = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
        return states.execution(
            self._promotion.state_machine.state_machine_arn,
            {
                "Name": expression(f"$request.run_id & '-promote-' & {REDRIVES}"),
                "Input": {**run, started_by: expression("$states.context.Execution.Id")},
            },
            limit_seconds=self._promotion.limit_seconds + 300,
            Output=_outcome("promoted"),
            End=True,
        )

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


def _outcome(outcome: str) -> State:
    return {
        "outcome": outcome,
        "reason": expression("$judgement.reason"),
        "package": expression("$package"),
    }
