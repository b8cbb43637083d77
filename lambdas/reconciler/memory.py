"""What the last comparison said, so that the ledger gets a line when that changes."""

from datetime import datetime
from typing import Any

from contracts import moment, state
from lambdas.adapters.state import StateTable
from lambdas.reconciler.decision import Decision, Verdict


class Memory:
    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._model = model

    def last(self) -> Decision | None:
        fields = self._state.read(state.reconciliation(self._model))
        if fields is None:
            return None
        return Decision(verdict=Verdict(fields["verdict"]), reason=str(fields["reason"]))

    def keep(self, decision: Decision, as_of: datetime) -> bool:
        """Keep it unless a later comparison was kept: events may come in any order."""
        values: dict[str, Any] = {
            "verdict": decision.verdict.value,
            "reason": decision.reason,
            "at": moment.render(as_of),
        }
        return self._state.update(
            state.reconciliation(self._model),
            "SET #verdict = :verdict, #reason = :reason, #at = :at",
            "attribute_not_exists(#at) OR #at <= :at",
            **values,
        )

    def asleep(self) -> str | None:
        fields = self._state.read(state.asleep(self._model))
        return None if fields is None else str(fields["deployment"])

    def awake(self) -> None:
        """The endpoint is back: its next absence is nobody's sleep."""
        self._state.delete(state.asleep(self._model))
