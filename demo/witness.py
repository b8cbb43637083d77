"""What the account says happened since the last look: its ledger, its alarm, its notifications."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from contracts.ledger import LedgerEntry, LedgerKind
from demo.inbox import Inbox
from demo.timeline import Timeline
from emulator.client import RunningAccount
from perennial import ledger
from perennial.deployed import Deployed

_WORDS = {
    LedgerKind.CANDIDATE_REGISTERED: "registered",
    LedgerKind.CANDIDATE_APPROVED: "approved",
    LedgerKind.CANDIDATE_REJECTED: "rejected",
    LedgerKind.CANDIDATE_PENDING: "pending",
}
_EVERYTHING = 100_000


@dataclass(slots=True, kw_only=True)
class Witness:
    account: RunningAccount
    deployed: Deployed
    timeline: Timeline
    inbox: Inbox
    entries: list[LedgerEntry] = field(default_factory=list)
    """Every line of the ledger, in the order it was seen."""
    alarms: list[datetime] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _last_look: datetime | None = None

    def look(self) -> None:
        """Tell the timeline what is new."""
        now = self.account.now()
        self._look_at_alarm()
        self._look_at_ledger(now)
        for notice in self.inbox.receive():
            self.timeline.event(now, "notification", notice)
        self._last_look = now

    @property
    def promoted(self) -> bool:
        """Whether a first model serves."""
        return any(entry.kind is LedgerKind.PROMOTED for entry in self.entries)

    def recent(self) -> list[str]:
        return [f"{entry.at:%Y-%m-%d %H:%M} {entry.summary}" for entry in self.entries[-5:]]

    def _look_at_ledger(self, now: datetime) -> None:
        lines = ledger.entries(
            self.account.client("dynamodb"),
            table=self.deployed.ledger_table,
            model=self.deployed.model,
            limit=_EVERYTHING,
        )
        for entry in reversed(lines):
            key = entry.item()["entry"]
            if key not in self._seen:
                self._seen.add(key)
                self.entries.append(entry)
                # A line carries the time its run began; it happened since the last look.
                at = entry.at if self._last_look is None or entry.at >= self._last_look else now
                self.timeline.event(at, word(entry.kind), entry.summary)

    def _look_at_alarm(self) -> None:
        pages = self.account.client("cloudwatch").describe_alarm_history(
            AlarmName=self.deployed.drift_alarm, HistoryItemType="StateUpdate", MaxRecords=100
        )
        for item in reversed(pages["AlarmHistoryItems"]):
            at = item["Timestamp"].astimezone(UTC)
            if at not in self.alarms and _new_state(item) == "ALARM":
                self.alarms.append(at)
                self.timeline.event(at, "drift alarm", item["HistorySummary"])


def word(kind: LedgerKind) -> str:
    return _WORDS.get(kind, kind.value.replace("_", " "))


def _new_state(item: dict[str, Any]) -> str:
    return json.loads(item["HistoryData"])["newState"]["stateValue"]
