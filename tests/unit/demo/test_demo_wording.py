"""The timeline says each thing once, in few words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.ledger import LedgerEntry, LedgerKind
from demo.wording import alarm_of, kind_of, line_of, told

NOON = datetime(1997, 6, 2, 12, tzinfo=UTC)


def line(kind: LedgerKind, summary: str, cause: str = "new_data") -> LedgerEntry:
    return LedgerEntry(
        model="churn",
        at=NOON,
        kind=kind,
        subject="run-1",
        summary=summary,
        details={"cause": cause},
    )


@pytest.mark.parametrize(
    ("kind", "summary", "word", "text"),
    [
        (LedgerKind.RUN_STARTED, "run-1 started: a.csv arrived", "run started", "a.csv arrived"),
        (LedgerKind.CANDIDATE_APPROVED, "run-1 approved: auc 0.8", "approved", "auc 0.8"),
        (LedgerKind.RUN_ENDED, "run-1: promoted", "run ended", "promoted"),
        (LedgerKind.PROMOTED, "version 2 serves", "promoted", "version 2 serves"),
    ],
)
def test_a_line_does_not_repeat_its_kind(
    kind: LedgerKind, summary: str, word: str, text: str
) -> None:
    assert (kind_of(line(kind, summary)), line_of(line(kind, summary))) == (word, text)


def test_refusals_for_one_reason_are_one_event() -> None:
    refused = LedgerKind.RUN_REFUSED
    lines = [
        line(refused, "run-1 refused: x is running"),
        line(refused, "run-1 refused: x is running"),
        line(refused, "run-1 refused: no new data", "schedule"),
    ]
    assert [event.text for event in told((NOON, each) for each in lines)] == [
        "new data: x is running (asked 2 times)",
        "schedule: no new data",
    ]


@pytest.mark.parametrize(("state", "text"), [("ALARM", "0.7 >= 0.3"), ("OK", None)])
def test_only_going_off_is_an_alarm(state: str, text: str | None) -> None:
    data = {"newState": {"stateValue": state, "stateReason": "0.7 >= 0.3"}}
    item: dict[str, Any] = {"HistoryData": json.dumps(data), "Timestamp": NOON}
    event = alarm_of(item)
    assert (None if event is None else event.text) == text
