"""The admission record of one model in the state table."""

from typing import Any

from contracts import moment, state
from contracts.run import Purpose
from lambdas.adapters.state import StateTable
from lambdas.admission.causes import Asked
from lambdas.admission.decision import Admitted, Incoming, count_on, day_of

_STARTED = "admission.last_started_at"


class AdmissionRecord:
    def __init__(self, state_table: StateTable, model: str, *, max_rejected: int) -> None:
        """``max_rejected`` is the card's, left in the record for settlement to compare with."""
        self._state = state_table
        self._item = state.admission(model)
        self._max_rejected = max_rejected

    def read(self) -> Admitted | None:
        fields = self._state.read(self._item)
        if fields is None:
            return None
        last, started = fields.get("last_run_id"), fields.get("last_started_at")
        return Admitted(
            last_run_id=last,
            last_started_at=None if started is None else moment.parse(started, _STARTED),
            counted_run_id=fields.get("counted_run_id") or str(last),
            day=fields["day"],
            count_today=fields["count_today"],
            data_fingerprint=fields.get("data_fingerprint"),
            judged_fingerprint=fields.get("judged_fingerprint"),
            drift_waits=fields.get("drift_waits", False),
        )

    def admit(self, run: str, asked: Asked, incoming: Incoming, before: Admitted | None) -> None:
        """Count the run, once: a second delivery of the same cause changes nothing.

        Only the lease's holder comes here, so ``before`` is still true.
        """
        day = day_of(asked.asked_at)
        fields: dict[str, Any] = {"run": run, "day": day, "count": count_on(day, before) + 1}
        change = "SET #counted_run_id = :run, #day = :day, #count_today = :count"
        if asked.purpose is Purpose.RETRAIN:
            fields |= {
                "at": moment.render(asked.as_of),
                "data": incoming.fingerprint,
                "most": self._max_rejected,
            }
            change += (
                ", #last_run_id = :run, #last_started_at = :at, #data_fingerprint = :data, "
                "#max_rejected = :most REMOVE #drift_waits"
            )
        condition = "attribute_not_exists(#counted_run_id) OR #counted_run_id <> :run"
        self._state.update(self._item, change, condition, **fields)

    def let_drift_wait(self) -> None:
        """Note that drift asked for a run and there was nothing new to learn from."""
        self._state.update(
            self._item, "SET #drift_waits = :yes", "attribute_exists(#last_run_id)", yes=True
        )
