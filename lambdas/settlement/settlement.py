"""What follows an execution's end or redrive, each part harmless when done again."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from contracts import state
from contracts.ledger import LedgerEntry, LedgerKind
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.settlement.announcements import Announcements
from lambdas.settlement.execution import Execution, Workflow, runs
from lambdas.settlement.executions import Executions
from lambdas.settlement.failure import explain
from lambdas.settlement.job_logs import JobLogs
from lambdas.settlement.notice import Circumstances, Notice, compose, lease_conflict
from lambdas.settlement.standing import Paused, Standing

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_ENDED = {
    Workflow.RETRAINING: LedgerKind.RUN_ENDED,
    Workflow.PROMOTION: LedgerKind.PROMOTION_ENDED,
    Workflow.INGESTION: LedgerKind.INGESTION_ENDED,
    Workflow.BATCH: LedgerKind.BATCH_ENDED,
}
_AS_EXPECTED = ("ingested", "scored", "duplicate")
"""Outcomes that come day by day, of which nobody needs to hear."""
_HOURS = 12.0
"""How long a redriven run holds the lease when no admission has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    state: StateTable
    executions: Executions
    logs: JobLogs
    ledger: Ledger
    announcements: Announcements

    def settle(self, execution: Execution, *, delivery: str) -> str:
        """Return in one word what was done, for the log and for tests."""
        if not execution.ended:
            done = self._redriven(execution, delivery)
        elif execution.workflow is Workflow.PROMOTION and execution.parent is not None:
            self._free(execution)
            done = "left to its parent"
        elif not execution.leased:
            done = self._tell(execution, None, delivery)
        else:
            # Whoever takes the lease next decides by what this end means.
            paused = Standing(state=self.state).note(execution)
            self._judge_data(execution)
            self._free(execution)
            done = self._tell(execution, paused, delivery)
        logger.info("%s %s: %s", execution.arn, execution.status, done)
        return done

    def _tell(self, execution: Execution, paused: Paused | None, delivery: str) -> str:
        about = self._circumstances(execution, paused)
        notice = compose(execution, about)
        self.ledger.append(_line(execution, about.step, notice))
        if paused is not None:
            self.ledger.append(_paused(execution, paused))
        if execution.outcome in _AS_EXPECTED:
            return "written down"
        told = self.announcements.publish_once(execution, notice, delivery=delivery)
        return "told" if told else "told before"

    def _circumstances(self, execution: Execution, paused: Paused | None) -> Circumstances:
        if execution.status == "SUCCEEDED":
            return Circumstances(data_refused=self._data_refused(execution), paused=paused)
        job = explain(execution.error, execution.failure).job
        return Circumstances(
            step=self.executions.last_step(execution.arn),
            log=[] if job is None else self.logs.tail(job),
            paused=paused,
        )

    def _data_refused(self, execution: Execution) -> list[str]:
        """What the data gate wrote down of a run that went on without some of its data."""
        if execution.workflow is Workflow.INGESTION:
            return [str(execution.output.get("reason"))]
        if execution.request is None or execution.workflow is not Workflow.RETRAINING:
            return []
        return self.ledger.summaries(
            execution.model, execution.request.as_of, LedgerKind.DATA_REFUSED, execution.name
        )

    def _judge_data(self, execution: Execution) -> None:
        """A run that succeeded has judged its data; only then is the same data not new again.

        A run that broke may so be tried again by the schedule, and one whose data was refused
        leaves the record at the data before it, which is what quarantine leaves in place.
        """
        retrained = execution.workflow is Workflow.RETRAINING and not execution.reproduces
        if retrained and execution.status == "SUCCEEDED":
            self.state.update(
                state.admission(execution.model),
                "SET #judged_fingerprint = #data_fingerprint",
                "#last_run_id = :run",
                run=execution.name,
            )

    def _redriven(self, execution: Execution, delivery: str) -> str:
        if execution.redrive == 0:
            return "nothing to do"
        if not execution.leased:
            return "no lease to take"
        lease, owner = self._lease(execution), self._owner(execution)
        held = lease.current()
        if held is not None and held.owner != owner and not held.expired(execution.at):
            notice = lease_conflict(execution, held.owner)
            self.announcements.publish_once(execution, notice, delivery=delivery)
            return f"lease held by {held.owner}"
        hours = lease.hours() or _HOURS
        until = execution.at + timedelta(hours=hours)
        lease.take(owner, as_of=execution.at, until=until, after=held)
        lease.started(owner, until=until, hours=hours)
        if not runs(self.executions.describe(execution.arn)):
            # Its end came first, and found no lease to free.
            lease.release(owner)
            return "it has ended already"
        return "lease taken again"

    def _free(self, execution: Execution) -> None:
        if not execution.runs_now:
            self._lease(execution).release(self._owner(execution))

    def _lease(self, execution: Execution) -> Leases:
        retraining = execution.workflow is Workflow.RETRAINING
        item = state.lease if retraining else state.promotion_lease
        return Leases(self.state, item(execution.model))

    def _owner(self, execution: Execution) -> str:
        """A run owns its lease by its id; a promotion the endpoint's by its execution."""
        return execution.name if execution.workflow is Workflow.RETRAINING else execution.arn


def _line(execution: Execution, step: str | None, notice: Notice) -> LedgerEntry:
    return LedgerEntry(
        model=execution.model,
        at=execution.at,
        kind=_ENDED[execution.workflow],
        subject=execution.name,
        summary=f"{execution.name}: {notice.summary}",
        details={
            "status": execution.status,
            "outcome": str(execution.output.get("outcome", execution.status.lower())),
            "step": step or "",
            "redrive": str(execution.redrive),
            "execution": execution.arn,
        },
    )


def _paused(execution: Execution, paused: Paused) -> LedgerEntry:
    return LedgerEntry(
        model=execution.model,
        at=execution.at,
        kind=LedgerKind.PAUSED,
        subject=execution.name,
        summary=f"retraining is paused: {paused.rejected} rejected candidates in a row",
        details={"execution": execution.arn},
    )
