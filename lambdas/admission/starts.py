"""What is written down when a run starts or is refused, the same whoever writes it again."""

from dataclasses import dataclass
from datetime import timedelta

from contracts import moment
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import RunRequest
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.admission.causes import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    model: str
    lease_hours: float
    leases: Leases
    ledger: Ledger

    def note(self, request: RunRequest, asked: Asked) -> bool:
        """Put the start in the ledger and on the lease; only the first call gets True."""
        champion = request.champion
        self.ledger.append(
            LedgerEntry(
                model=self.model,
                at=asked.asked_at,
                kind=LedgerKind.RUN_STARTED,
                subject=request.run_id,
                summary=f"{request.run_id} started: {request.cause.detail}",
                details={
                    "purpose": request.purpose.value,
                    "as_of": moment.render(request.as_of),
                    "cause": request.cause.kind.value,
                    "cause_id": request.cause.id,
                    "image_digest": request.image_digest,
                    "code_uri": request.code_uri,
                    "champion": "none" if champion is None else str(champion.version),
                },
            )
        )
        return self.leases.started(
            request.run_id,
            until=asked.asked_at + timedelta(hours=self.lease_hours),
            hours=self.lease_hours,
        )

    def note_refusal(self, run: str, asked: Asked, reason: str) -> None:
        self.ledger.append(
            LedgerEntry(
                model=self.model,
                at=asked.asked_at,
                kind=LedgerKind.RUN_REFUSED,
                subject=run,
                summary=f"{run} refused: {reason}",
                details={
                    "cause": asked.cause.kind.value,
                    "cause_id": asked.cause.id,
                    "detail": asked.cause.detail,
                },
            )
        )
