"""Up to when drift checks have judged the captures of which deployment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import moment, state
from contracts.drift_report import DriftVerdict
from contracts.run import Champion
from lambdas.adapters.state import StateTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    judged_until: datetime
    looked_until: datetime
    """As far as a check has come, with or without a verdict."""
    last_verdict: DriftVerdict | None


class Watermark:
    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._item = state.drift(model)

    def read(self, champion: Champion) -> Mark:
        """A champion that no check has seen starts where its promotion ended."""
        fields = self._state.read(self._item)
        if fields is None or fields["deployment"] != champion.deployment:
            promoted = moment.parse(champion.promoted_at, "champion.promoted_at")
            return Mark(judged_until=promoted, looked_until=promoted, last_verdict=None)
        judged = moment.parse(fields["judged_until"], "drift.judged_until")
        looked = fields.get("looked_until")
        return Mark(
            judged_until=judged,
            looked_until=judged if looked is None else moment.parse(looked, "drift.looked_until"),
            last_verdict=DriftVerdict(fields["verdict"]),
        )

    def move(
        self, champion: Champion, *, until: datetime, looked: datetime, verdict: DriftVerdict
    ) -> None:
        """Never back: a check that comes late must not make others count twice."""
        values: dict[str, Any] = {
            "deployment": champion.deployment,
            "until": moment.render(until),
            "looked": moment.render(looked),
            "verdict": verdict.value,
        }
        self._state.update(
            self._item,
            "SET #deployment = :deployment, #judged_until = :until, #looked_until = :looked, "
            "#verdict = :verdict",
            "attribute_not_exists(#deployment) OR #deployment <> :deployment "
            "OR #judged_until <= :until",
            **values,
        )
