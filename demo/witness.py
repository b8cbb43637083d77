"""What the account says happened since the last look: its ledger, its alarm, its notifications."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import CauseKind
from demo.inbox import Inbox
from demo.timeline import Timeline
from demo.wording import alarm_of, in_order, told
from emulator.client import RunningAccount
from perennial import ledger
from perennial.deployed import Deployed
from reports.story import Event

_EVERYTHING = 100_000
_START = datetime(1970, 1, 1, tzinfo=UTC)
_LONG = timedelta(days=40)
"""No run takes longer, so no new line is older."""
_LATE = timedelta(minutes=10)
"""A line older than the last look by more than this tells of a run that began long ago."""


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
        events = [*self._new_alarms(), *told(self._new_lines(now))]
        events += [Event(at=now, kind="notification", text=each) for each in self.inbox.receive()]
        for event in sorted(events, key=_when):
            self.timeline.event(event.at, event.kind, event.text)
        self._last_look = now

    @property
    def promoted(self) -> bool:
        """Whether a first model serves."""
        return any(entry.kind is LedgerKind.PROMOTED for entry in self.entries)

    @property
    def answers_to_new_data(self) -> int:
        """How often admission started or refused a run because a file landed."""
        return sum(
            entry.kind in (LedgerKind.RUN_STARTED, LedgerKind.RUN_REFUSED)
            and entry.details["cause"] == CauseKind.NEW_DATA
            for entry in self.entries
        )

    def recent(self) -> list[str]:
        return [f"{entry.at:%Y-%m-%d %H:%M} {entry.summary}" for entry in self.entries[-5:]]

    def _new_lines(self, now: datetime) -> list[tuple[datetime, LedgerEntry]]:
        """Return each new line with the time it was written at, as near as we know.

        The lines of a run carry the time for which it runs, which is when it began.
        """
        lines = ledger.entries(
            self.account.client("dynamodb"),
            table=self.deployed.ledger_table,
            model=self.deployed.model,
            since=_START if self._last_look is None else self._last_look - _LONG,
            limit=_EVERYTHING,
        )
        new = [
            each for each in sorted(lines, key=in_order) if each.item()["entry"] not in self._seen
        ]
        self._seen |= {each.item()["entry"] for each in new}
        self.entries += new
        oldest = None if self._last_look is None else self._last_look - _LATE
        return [(each.at if oldest is None or each.at >= oldest else now, each) for each in new]

    def _new_alarms(self) -> list[Event]:
        history = self.account.client("cloudwatch").describe_alarm_history(
            AlarmName=self.deployed.drift_alarm, HistoryItemType="StateUpdate", MaxRecords=100
        )
        found = [alarm_of(item) for item in history["AlarmHistoryItems"]]
        new = [each for each in found if each is not None and each.at not in self.alarms]
        self.alarms += sorted(each.at for each in new)
        return new


def _when(event: Event) -> datetime:
    return event.at
