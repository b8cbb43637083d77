"""The ledger: one append-only line for everything that decided what serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts import moment


class LedgerKind(StrEnum):
    RUN_STARTED = "run_started"
    RUN_REFUSED = "run_refused"
    RUN_ENDED = "run_ended"
    DATA_REFUSED = "data_refused"
    CANDIDATE_REGISTERED = "candidate_registered"
    CANDIDATE_APPROVED = "candidate_approved"
    CANDIDATE_REJECTED = "candidate_rejected"
    CANDIDATE_PENDING = "candidate_pending"
    RECORDED = "recorded"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    RESTORED = "restored"
    """A person put an earlier version back."""
    ENDPOINT_REMOVED = "endpoint_removed"
    """Nobody had asked it for long; it comes back on demand."""
    VERSION_DELETED = "version_deleted"
    MISMATCHED = "mismatched"
    """Pointer, registry and endpoint do not name the same version."""
    RECONCILED = "reconciled"
    """They do again."""
    PROMOTION_ENDED = "promotion_ended"
    INGESTION_ENDED = "ingestion_ended"
    BATCH_SCORED = "batch_scored"
    BATCH_ENDED = "batch_ended"
    DRIFT_CHECKED = "drift_checked"
    QUALITY_CHECKED = "quality_checked"
    PAUSED = "paused"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """Who, when, what and why. The same (model, at, kind, subject) is written once."""

    model: str
    at: datetime
    kind: LedgerKind
    subject: str
    """What the line is about: a run id, a model package version, a window."""
    summary: str
    """One sentence a person reads."""
    details: Mapping[str, str]
    """Digests, numbers and pointers, as text."""

    def item(self) -> dict[str, Any]:
        """The DynamoDB item (resource form): partition key ``model``, sort key ``entry``."""
        at = moment.render(self.at)
        return {
            "model": self.model,
            "entry": f"{at}#{self.kind}#{self.subject}",
            "at": at,
            "kind": self.kind.value,
            "subject": self.subject,
            "summary": self.summary,
            "details": dict(self.details),
        }
