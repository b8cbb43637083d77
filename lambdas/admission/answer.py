"""What admission answers, and about which model."""

from dataclasses import dataclass
from enum import StrEnum

from contracts import naming
from contracts.card import ModelCard
from lambdas.admission.causes import Asked


class Outcome(StrEnum):
    STARTED = "started"
    RUNNING = "running"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    outcome: Outcome
    reason: str
    run_id: str
    execution_arn: str | None = None

    def document(self) -> dict[str, str]:
        arn = {} if self.execution_arn is None else {"execution_arn": self.execution_arn}
        return {
            "outcome": self.outcome.value,
            "reason": self.reason,
            "run_id": self.run_id,
            **arn,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is retrained, and where."""

    card: ModelCard
    environment: str
    code_uri: str
    code_commit: str

    def run_id(self, asked: Asked) -> str:
        return naming.run_id(self.card.name, self.environment, asked.cause.id)
