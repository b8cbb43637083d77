"""What an end means for the runs to come: rejected candidates in a row pause retraining."""

from dataclasses import dataclass

from contracts import state
from lambdas.adapters.rejections import Rejections
from lambdas.adapters.state import StateTable
from lambdas.settlement.execution import Execution, Workflow
from lambdas.settlement.failure import explain

_REJECTED = ("CandidateRolledBack", "CandidateFailedSmokeTest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Retraining was paused by this end; admission refuses until a person resumes."""

    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    state: StateTable

    def note(self, execution: Execution) -> Paused | None:
        """Count the end, once however often it is told; say whether it pauses retraining."""
        if execution.reproduces:
            return None
        rejections = Rejections(self.state, execution.model)
        if execution.outcome == "promoted":
            rejections.forget()
        elif _is_rejection(execution):
            rejections.add(execution.name)
            count, most = len(rejections.runs()), self._most(execution.model)
            return Paused(rejected=count) if count == most else None
        return None

    def _most(self, model: str) -> int | None:
        """The card's limit, as the last admission wrote it down: settlement knows no card."""
        fields = self.state.read(state.admission(model)) or {}
        return fields.get("max_rejected")


def _is_rejection(execution: Execution) -> bool:
    """A person's promotion that is rolled back counts too: the version was no better."""
    if execution.status == "SUCCEEDED":
        return execution.workflow is Workflow.RETRAINING and execution.outcome == "rejected"
    return explain(execution.error, execution.failure).error in _REJECTED
