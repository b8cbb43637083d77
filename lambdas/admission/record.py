"""The admission record of one model in the state table."""

from typing import Any

from contracts import moment, state
from lambdas.adapters.state import StateTable
from lambdas.admission.causes import Asked
from lambdas.admission.decision import Admitted, Incoming, count_on, day_of


class AdmissionRecord:
    def __init__(self, state_table: StateTable, model: str) -> None:
        self._state = state_table
        self._item = state.admission(model)

    def read(self) -> Admitted | None:
        fields = self._state.read(self._item)
        if fields is None:
            return None
        return Admitted(
            last_run_id=fields["last_run_id"],
            last_started_at=moment.parse(fields["last_started_at"], "admission.last_started_at"),
            day=fields["day"],
            count_today=fields["count_today"],
            data_fingerprint=fields["data_fingerprint"],
            judged_fingerprint=fields.get("judged_fingerprint"),
        )

    def admit(self, run: str, asked: Asked, incoming: Incoming, before: Admitted | None) -> None:
        """Count the run, once: a second delivery of the same cause changes nothing.

        Only the lease's holder comes here, so ``before`` is still true.
        """
        fields: dict[str, Any] = {
            "run": run,
            "at": moment.render(asked.as_of),
            "day": day_of(asked.as_of),
            "count": count_on(day_of(asked.as_of), before) + 1,
            "data": incoming.fingerprint,
        }
        self._state.update(
            self._item,
            "SET #last_run_id = :run, #last_started_at = :at, #day = :day, "
            "#count_today = :count, #data_fingerprint = :data",
            "attribute_not_exists(#last_run_id) OR #last_run_id <> :run",
            **fields,
        )
