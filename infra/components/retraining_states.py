"""The states of a retraining run, from the snapshot of the data to the promoted version."""

from dataclasses import dataclass

from infra.components import job_inputs, states
from infra.components.job_requests import JobRequests
from infra.components.model import Model
from infra.components.promotion_workflow import PromotionWorkflow
from infra.components.retraining_steps import RetrainingSteps
from infra.components.states import REDRIVES, State, expression

_RESULT = "$states.result.Payload"
_CHAMPION_URI = "$states.input.champion ? $states.input.champion.model_data_url : ''"
"""``champion`` is null before the first promotion, and an expression must return something."""
_RUN = {"request": "{% $request %}", "package": "{% $package %}"}
_DATA = {"request": "{% $request %}", "snapshot": "{% $snapshot %}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingStates:
    """Variables: ``$request`` (the input), ``$snapshot``, ``$training``, ``$package`` and the
    gate's ``$judgement``; ``$inputs``, ``$profile``, ``$candidate`` and ``$champion`` are parts of
    requests.
    """

    model: Model
    steps: RetrainingSteps
    requests: JobRequests
    promotion: PromotionWorkflow

    def all(self) -> dict[str, State]:
        return {**self._accept_data(), **self._make_candidate(), **self._judge_candidate()}

    def _accept_data(self) -> dict[str, State]:
        started = {
            "request": "{% $states.input %}",
            **self._snapshot("$states.input"),
            "champion_uri": expression(_CHAMPION_URI),
            "champion": job_inputs.processing_input("champion", _CHAMPION_URI, folder="champion"),
            "profile": job_inputs.processing_input(
                "profile", f"{_RESULT}.profile", folder="profile"
            ),
        }
        for instances in self.requests.instances.values():
            started |= instances.at_first
        return {
            "Snapshot": states.handler(
                self.steps.snapshot,
                {"request": "{% $states.input %}"},
                Assign=started,
                Next="Validate",
            ),
            **self._job(
                "Validate", "createProcessingJob", self.requests.validation(), Next="JudgeData"
            ),
            # It answers with the accepted snapshot: what is learned from is what was accepted.
            "JudgeData": states.handler(
                self.steps.data_gate, _DATA, Assign=self._snapshot("$request"), Next="Train"
            ),
        }

    def _make_candidate(self) -> dict[str, State]:
        artifact = "$states.result.ModelArtifacts.S3ModelArtifacts"
        return {
            **self._job(
                "Train",
                "createTrainingJob",
                self.requests.training(),
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
            **self._job(
                "Evaluate", "createProcessingJob", self.requests.evaluation(), Next="Register"
            ),
            "Register": states.handler(
                self.steps.registration,
                {**_DATA, "training": "{% $training %}"},
                Assign={"package": _answer("model_package_arn", "version")},
                Next="JudgeCandidate",
            ),
        }

    def _judge_candidate(self) -> dict[str, State]:
        """A backfill reproduces what would have been decided; what serves is not its business."""
        promotes = "$judgement.verdict = 'approved' and $request.purpose = 'retrain'"
        verdict = "$request.purpose = 'backfill' ? 'backfilled' : $judgement.verdict"
        return {
            "JudgeCandidate": states.handler(
                self.steps.gate,
                _RUN,
                Assign={"judgement": _answer("verdict", "reason")},
                Next="Record",
            ),
            # Before anything goes live: what cannot be accounted for is not promoted.
            "Record": states.handler(
                self.steps.record,
                {
                    **_DATA,
                    "training": "{% $training %}",
                    "package": "{% $package %}",
                    "judgement": "{% $judgement %}",
                },
                Next="WasApproved",
            ),
            "WasApproved": {
                "Type": "Choice",
                "Choices": [{"Condition": expression(promotes), "Next": "Promote"}],
                "Default": "ChampionStays",
            },
            "Promote": self._promote(),
            "ChampionStays": {"Type": "Succeed", "Output": _outcome(expression(verdict))},
        }

    def _snapshot(self, request: str) -> State:
        inputs = job_inputs.run_inputs(self.model.card, snapshot=_RESULT, request=request)
        return {"snapshot": expression(_RESULT), "inputs": inputs}

    def _job(self, step: str, action: str, request: State, **rest: object) -> dict[str, State]:
        instances = self.requests.instances[step]
        task = states.job(action, request, limit_seconds=instances.limit_seconds, **rest)
        return instances.states(task, self.steps.job_failure)

    def _promote(self) -> State:
        """The execution's id makes the console, and settlement, see who started the promotion."""
        started_by = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
        return states.execution(
            self.promotion.state_machine.state_machine_arn,
            {
                "Name": expression(f"$request.run_id & '-promote-' & {REDRIVES}"),
                "Input": {**_RUN, started_by: expression("$states.context.Execution.Id")},
            },
            limit_seconds=self.promotion.limit_seconds + 300,
            Output=_outcome("promoted"),
            End=True,
        )


def _answer(*names: str) -> State:
    """Take an answer field by field: one that lacks a field fails its own state.

    Otherwise a later state would fail on it, at which a redrive resumes in vain.
    """
    return {name: expression(f"{_RESULT}.{name}") for name in names}


def _outcome(outcome: str) -> State:
    return {
        "outcome": outcome,
        "reason": expression("$judgement.reason"),
        "package": expression("$package"),
        "quarantined": expression("$snapshot.quarantined"),
    }
