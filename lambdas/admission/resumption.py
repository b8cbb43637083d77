"""A person resumes retraining that rejected candidates have paused."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts import moment
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.reading import Table
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.rejections import Rejections

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

RESUME = "resume"
"""The event's cause: ``{"cause": "resume", "as_of": …, "id": …, "detail": <why>}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    model: str
    rejections: Rejections
    ledger: Ledger

    def resume(self, event: Mapping[str, Any]) -> dict[str, str]:
        """Begin the count anew, and write down who wanted it; done twice, it is the same."""
        table = Table.of(event, "event")
        at = moment.parse(table.text("as_of"), "event.as_of")
        who, why = table.text("id"), table.text("detail")
        rejected = len(self.rejections.runs())
        reason = f"retraining resumes after {rejected} rejected candidates in a row: {why}"
        self.ledger.append(
            LedgerEntry(
                model=self.model,
                at=at,
                kind=LedgerKind.RESUMED,
                subject=who,
                summary=reason,
                details={"rejected": str(rejected)},
            )
        )
        self.rejections.forget()
        logger.info("%s %s", self.model, reason)
        return {"outcome": "resumed", "reason": reason}
