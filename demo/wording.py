"""The ledger's lines and the alarm's history in the words of the timeline."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.ledger import LedgerEntry, LedgerKind
from reports.story import Event

_WORDS = {
    LedgerKind.CANDIDATE_REGISTERED: "registered",
    LedgerKind.CANDIDATE_APPROVED: "approved",
    LedgerKind.CANDIDATE_REJECTED: "rejected",
    LedgerKind.CANDIDATE_PENDING: "pending",
}
_LAST = (LedgerKind.PROMOTION_ENDED, LedgerKind.RUN_ENDED)
_ORDER = (*(kind for kind in LedgerKind if kind not in _LAST), *_LAST)


def article(metric: str) -> str:
    """Return the metric's name as one says it with its article: ``an AUC``, ``an RMSE``."""
    name = metric.upper()
    return f"{'an' if name[0] in 'AEFHILMNORSX' else 'a'} {name}"


def kind_of(entry: LedgerEntry) -> str:
    return _WORDS.get(entry.kind, entry.kind.value.replace("_", " "))


def line_of(entry: LedgerEntry) -> str:
    """Return the line's summary without what its kind and subject have said already."""
    text = entry.summary.removeprefix(entry.subject).lstrip(" :")
    last_word = kind_of(entry).rpartition(" ")[2]
    text = text.removeprefix(last_word).lstrip(" :")
    if entry.kind is LedgerKind.DRIFT_CHECKED:
        text = text.replace("): ", ")\n").partition("\n")[0]  # the features are in the report
    return text


def in_order(entry: LedgerEntry) -> tuple[datetime, int]:
    """Sort lines of the same second as a run comes by them."""
    return entry.at, _ORDER.index(entry.kind)


def told(entries: Iterable[tuple[datetime, LedgerEntry]]) -> list[Event]:
    """Return the events of new lines; refusals for one and the same reason are one event."""
    events: list[Event] = []
    refused: dict[str, list[tuple[datetime, LedgerEntry]]] = {}
    for at, entry in entries:
        if entry.kind is LedgerKind.RUN_REFUSED:
            refused.setdefault(line_of(entry), []).append((at, entry))
        else:
            events.append(Event(at=at, kind=kind_of(entry), text=line_of(entry)))
    for reason, same in refused.items():
        causes = sorted({entry.details["cause"].replace("_", " ") for _, entry in same})
        times = f" (asked {len(same)} times)" if len(same) > 1 else ""
        text = f"{', '.join(causes)}: {reason}{times}"
        events.append(Event(at=same[0][0], kind="run refused", text=text))
    return events


def alarm_of(item: Mapping[str, Any]) -> Event | None:
    """Return the event of a line of the alarm's history, if it went off."""
    state = json.loads(item["HistoryData"])["newState"]
    if state["stateValue"] != "ALARM":
        return None
    at: datetime = item["Timestamp"].astimezone(UTC)
    data = state.get("stateReasonData", {})
    measured = ", ".join(f"{value:.0%}" for value in data.get("recentDatapoints", ()))
    text = f"share of drifted features {measured}" if measured else state["stateReason"]
    return Event(at=at, kind="drift alarm", text=text)
