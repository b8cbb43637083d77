"""A person's pause of one model: no run and no promotion starts until a person resumes."""

from dataclasses import dataclass
from datetime import datetime

from contracts import moment, state
from lambdas.adapters.state import StateTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    by: str
    reason: str
    since: datetime

    def sentence(self, model: str) -> str:
        return (
            f"paused by {self.by} since {moment.render(self.since)}: {self.reason}; a person "
            f"resumes with `perennial resume --model {model}`"
        )


class Pauses:
    """One item, there while the pause lasts; the first pause stands until it is lifted."""

    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._item = state.paused(model)

    def current(self) -> Pause | None:
        fields = self._state.read(self._item)
        if fields is None:
            return None
        return Pause(
            by=str(fields["by"]),
            reason=str(fields["reason"]),
            since=moment.parse(fields["since"], "paused.since"),
        )

    def begin(self, pause: Pause) -> None:
        self._state.create(
            self._item,
            {"by": pause.by, "reason": pause.reason, "since": moment.render(pause.since)},
        )

    def lift(self) -> None:
        self._state.delete(self._item)
