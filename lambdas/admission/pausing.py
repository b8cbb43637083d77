"""A person pauses a model, or resumes it: after a pause as after too many rejected candidates."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import moment
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.reading import Table
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.pauses import Pause, Pauses
from lambdas.adapters.rejections import Rejections

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

PAUSE, RESUME = "pause", "resume"
"""The event's cause: ``{"cause": "pause", "as_of": …, "id": <who>, "detail": <why>}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pausing:
    model: str
    pauses: Pauses
    rejections: Rejections
    ledger: Ledger

    def answer(self, event: Mapping[str, Any]) -> dict[str, str]:
        table = Table.of(event, "event")
        at = moment.parse(table.text("as_of"), "event.as_of")
        act = self.pause if table.text("cause") == PAUSE else self.resume
        return act(at, who=table.text("id"), why=table.text("detail"))

    def pause(self, at: datetime, *, who: str, why: str) -> dict[str, str]:
        """Pause; the reason of a pause that stands already is not replaced."""
        wanted = Pause(by=who, reason=why, since=at)
        standing = self.pauses.current()
        if standing is not None and standing != wanted:
            return {"outcome": "refused", "reason": f"already {standing.sentence(self.model)}"}
        summary = f"no run and no promotion starts any more: {why}"
        self._note(LedgerKind.PAUSED, at, who, summary, {})
        self.pauses.begin(wanted)
        return {"outcome": "paused", "reason": summary}

    def resume(self, at: datetime, *, who: str, why: str) -> dict[str, str]:
        """Lift whatever pauses the model; done twice, it is the same."""
        pause, rejected = self.pauses.current(), len(self.rejections.runs())
        after = [f"{rejected} rejected candidates in a row"] if rejected or pause is None else []
        details = {"rejected": str(rejected)}
        if pause is not None:
            since = moment.render(pause.since)
            after.append(f"the pause of {pause.by} since {since} ({pause.reason})")
            details |= {"paused_by": pause.by, "paused_since": since}
        summary = f"retraining resumes after {' and '.join(after)}: {why}"
        self._note(LedgerKind.RESUMED, at, who, summary, details)
        self.rejections.forget()
        self.pauses.lift()
        return {"outcome": "resumed", "reason": summary}

    def _note(
        self, kind: LedgerKind, at: datetime, who: str, summary: str, details: Mapping[str, str]
    ) -> None:
        self.ledger.append(
            LedgerEntry(
                model=self.model, at=at, kind=kind, subject=who, summary=summary, details=details
            )
        )
        logger.info("%s %s", self.model, summary)
