"""Drills of the alarms on a candidate: each is sent away by its own symptom."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts import naming
from contracts.ledger import LedgerKind
from lambdas.promotion.symptoms import Symptom
from tests.drills.alarm_names import candidate_s
from tests.drills.duty import Duty
from tests.drills.record import Drilled
from tests.system.promotion import bad_images, candidates
from tests.system.promotion.candidates import Promotion, Registrar
from tests.system.promotion.live import live_callers

pytestmark = [pytest.mark.system, pytest.mark.timeout(900), pytest.mark.exhaustive]

BEHAVIOURS: Mapping[Symptom, Mapping[str, Any]] = {
    Symptom.ERRORS: {"fails_every": 10},
    Symptom.SLOW_TAIL: {"stalls_every": 20},
    # Longer than the guard allows beside a champion on the busiest machine, and no p99.
    Symptom.SLOW_MEDIAN: {"lags": 0.4},
    Symptom.WRONG_ANSWERS: {"shift": 0.001},
    Symptom.PREDICTION_SHIFT: {"constant": 0.5, "spares_single_rows": True},
}
"""What is wrong with the candidate's server, once callers reach it."""


@pytest.mark.parametrize("symptom", Symptom)
def test_a_bad_candidate_is_sent_away(
    duty: Duty, registrar: Registrar, tmp_path: Path, symptom: Symptom
) -> None:
    platform, champion = duty.platform, duty.platform.champion()
    root = bad_images.with_front(tmp_path, {"spares_batch": True, **BEHAVIOURS[symptom]})
    candidate = registrar.copy(root=root)
    duty.calm()

    with live_callers(platform):
        done = candidates.promote(platform, candidate, f"drill of {symptom}")

    assert done.status == "FAILED", done
    began, ended = traffic(duty, done)
    [line] = platform.ledger(LedgerKind.ROLLED_BACK, about=candidate.arn)
    rang = [
        moment
        for moment, state in history(duty, naming.rollback_alarm(line.subject, symptom))
        if state == "ALARM"
    ]
    assert rang, f"{symptom} never rang: {done}"
    duty.record.add(
        Drilled(alarm=candidate_s(symptom), began=began, detected=rang[0], recovered=ended)
    )
    number = {"version": str(candidate.number)}
    assert "Rejected" in duty.follow("candidate-rolled-back", "perennial explain", number)
    duty.follow("candidate-rolled-back", "perennial status")
    duty.follow("candidate-rolled-back", "perennial ledger")
    platform.assert_at_rest_on(champion)


def traffic(duty: Duty, done: Promotion) -> tuple[datetime, datetime]:
    """Return when callers could first meet the candidate, and when that had ended."""
    states = duty.platform.client("stepfunctions")
    pages = states.get_paginator("get_execution_history").paginate(executionArn=done.arn)
    began = next(
        event["timestamp"]
        for page in pages
        for event in page["events"]
        if event.get("stateEnteredEventDetails", {}).get("name") == "UpdateEndpoint"
    )
    return began, states.describe_execution(executionArn=done.arn)["stopDate"]


def history(duty: Duty, alarm: str) -> list[tuple[datetime, str]]:
    """Return the states of an alarm, oldest first; its history outlives it."""
    pages = duty.platform.client("cloudwatch").get_paginator("describe_alarm_history")
    items = [
        item
        for page in pages.paginate(AlarmName=alarm, HistoryItemType="StateUpdate")
        for item in page["AlarmHistoryItems"]
    ]
    return sorted(
        (
            item["Timestamp"].astimezone(UTC),
            json.loads(item["HistoryData"])["newState"]["stateValue"],
        )
        for item in items
    )
