"""The one door to retraining: lease, checks, start, in an order that survives a crash anywhere."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from contracts import moment
from contracts.run import CauseKind, RunRequest
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.images import Images
from lambdas.adapters.leases import Lease, Leases
from lambdas.adapters.pauses import Pauses
from lambdas.adapters.rejections import Rejections
from lambdas.admission.answer import Answer, Outcome, Target
from lambdas.admission.causes import Asked
from lambdas.admission.decision import NO_NEW_DATA, Admitted, Incoming, why_not
from lambdas.admission.executions import Execution, Executions
from lambdas.admission.incoming import IncomingData
from lambdas.admission.record import AdmissionRecord
from lambdas.admission.starts import Starts

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

# No admission lives longer than a Lambda can, so a lease whose run was not started by then has
# been left behind by a crash.
_UNSTARTED = timedelta(minutes=15)
_LOOKS = 20


class DoorBusy(Exception):
    """Another cause is being judged for longer than one waits; Lambda asks again, then keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    target: Target
    leases: Leases
    record: AdmissionRecord
    rejections: Rejections
    pauses: Pauses
    incoming: IncomingData
    images: Images
    champion: ChampionPointer
    executions: Executions
    starts: Starts
    pause: Callable[[], object]
    """Lets a moment pass, so that whoever is being judged gets through."""

    def ask(self, asked: Asked) -> Answer:
        run = self.target.run_id(asked)
        execution = self.executions.of(run)
        answer = (
            self._unknown(run, asked) if execution is None else self._known(run, asked, execution)
        )
        logger.info("%s %s (%s): %s", run, answer.outcome, asked.cause.kind, answer.reason)
        return answer

    def _known(self, run: str, asked: Asked, execution: Execution) -> Answer:
        """Another delivery has started this cause's run; finish what it may have left undone."""
        self.starts.note(execution.request, asked)
        if not execution.running:
            reason = f"this cause's run has ended: {execution.status}"
            return Answer(
                outcome=Outcome.REFUSED, reason=reason, run_id=run, execution_arn=execution.arn
            )
        reason = f"this cause's run is running: {execution.arn}"
        return Answer(
            outcome=Outcome.RUNNING, reason=reason, run_id=run, execution_arn=execution.arn
        )

    def _unknown(self, run: str, asked: Asked) -> Answer:
        lease = self._turn(run, asked)
        if lease.owner != run:
            return self._refuse(
                run, asked, f"{lease.owner} is running since {moment.render(lease.since)}"
            )
        request = self._request(run, asked, lease)
        if isinstance(request, str):
            self.leases.abandon(run)
            return self._refuse(run, asked, request)
        arn = self.executions.start(request)
        if not self.starts.note(request, asked):
            reason = f"this cause's run is running: {arn}"
            return Answer(outcome=Outcome.RUNNING, reason=reason, run_id=run, execution_arn=arn)
        return Answer(
            outcome=Outcome.STARTED, reason=asked.cause.detail, run_id=run, execution_arn=arn
        )

    def _refuse(self, run: str, asked: Asked, reason: str) -> Answer:
        self.starts.note_refusal(run, asked, reason)
        return Answer(outcome=Outcome.REFUSED, reason=reason, run_id=run)

    def _turn(self, run: str, asked: Asked) -> Lease:
        """Return this run's lease, or that of a run which has started.

        A cause that is only being judged may yet be refused; to refuse another one for it would
        lose that one.
        """
        for _ in range(_LOOKS):
            lease = self._lease(run, asked)
            if lease is not None and (lease.owner == run or self._has_started(lease)):
                return lease
            self.pause()
        raise DoorBusy(f"{run} waits for another cause of {self.target.card.name} to be judged")

    def _has_started(self, lease: Lease) -> bool:
        return lease.started or self.executions.of(lease.owner) is not None

    def _lease(self, run: str, asked: Asked) -> Lease | None:
        """Take the lease, or return the one that stands; None when it changes hands just now."""
        held = self.leases.current()
        if held is not None and (held.owner == run or not self._left_behind(held, asked)):
            return held
        at = asked.asked_at
        self.leases.take(run, as_of=at, until=at + _UNSTARTED, after=held)
        return self.leases.current()

    def _left_behind(self, held: Lease, asked: Asked) -> bool:
        if not held.expired(asked.asked_at):
            return False
        execution = self.executions.of(held.owner)
        return execution is None or not execution.running

    def _request(self, run: str, asked: Asked, lease: Lease) -> RunRequest | str:
        """Make the run's input, or say why there is no run."""
        incoming, before, card = self.incoming.now(), self.record.read(), self.target.card
        if before is None or before.counted_run_id != run:
            reason = self._why_not(asked, incoming, before)
            if reason is not None:
                return reason
        image = self.images.newest(card.image)
        if image is None:
            return f"no image pushed: the repository holds no tag that begins with {card.image}-"
        self.record.admit(run, asked, incoming, before)
        return RunRequest(
            run_id=run,
            model=card.name,
            environment=self.target.environment,
            purpose=asked.purpose,
            as_of=asked.as_of,
            cause=asked.cause,
            fencing_token=lease.token,
            image_uri=image.uri,
            image_digest=image.digest,
            code_uri=self.target.code_uri,
            code_commit=self.target.code_commit,
            champion=asked.champion or self.champion.read(),
        )

    def _why_not(self, asked: Asked, incoming: Incoming, before: Admitted | None) -> str | None:
        card, pause = self.target.card, self.pauses.current()
        reason = why_not(
            asked,
            incoming,
            before,
            model=card.name,
            paused=None if pause is None else pause.sentence(card.name),
            rejected=len(self.rejections.runs()),
            admission=card.admission,
            triggers=card.triggers,
        )
        if reason == NO_NEW_DATA and asked.cause.kind is CauseKind.DRIFT:
            self.record.let_drift_wait()
        return reason
