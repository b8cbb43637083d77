from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts import moment
from contracts.card import Admission, Triggers
from contracts.run import Cause, CauseKind, Purpose
from lambdas.admission.causes import Asked
from lambdas.admission.decision import NO_NEW_DATA, Admitted, Incoming, count_on, why_not

NOON = moment.parse("1997-07-01T12:00:00Z")
LIMITS = Admission(cool_down_hours=480, daily_cap=3, lease_hours=12, max_rejected=5)
TRIGGERS = Triggers(schedule="rate(7 days)", on_drift=True, on_new_data=True)
DATA = Incoming(fingerprint="new", files={"purchases": 2, "labels": 1})
BEFORE = Admitted(
    last_run_id="churn-dev-before",
    last_started_at=NOON - timedelta(hours=481),
    counted_run_id="churn-dev-before",
    day="1997-06-11",
    count_today=1,
    data_fingerprint="old",
    judged_fingerprint="old",
    drift_waits=False,
)


def asked(kind: CauseKind = CauseKind.SCHEDULE, *, force: bool = False) -> Asked:
    cause = Cause(kind=kind, id="1", detail="why")
    return Asked(cause=cause, as_of=NOON, asked_at=NOON, force=force)


def refusal(
    ask: Asked,
    incoming: Incoming = DATA,
    admitted: Admitted | None = BEFORE,
    triggers: Triggers = TRIGGERS,
    rejected: int = 0,
    paused: str | None = None,
) -> str | None:
    return why_not(
        ask,
        incoming,
        admitted,
        model="churn",
        paused=paused,
        rejected=rejected,
        admission=LIMITS,
        triggers=triggers,
    )


@pytest.mark.parametrize("kind", list(CauseKind))
def test_every_cause_is_admitted_on_new_data_after_the_cool_down(kind: CauseKind) -> None:
    assert refusal(asked(kind)) is None


def test_the_first_run_needs_nothing_but_data() -> None:
    assert refusal(asked(), admitted=None) is None


def test_a_dataset_without_files_is_named() -> None:
    nothing = Incoming(fingerprint="new", files={"purchases": 2, "labels": 0})

    assert refusal(asked(), nothing) == "no model data yet: no files of labels"
    none = replace(nothing, files={"purchases": 0, "labels": 0})
    assert refusal(asked(), none) == "no model data yet: no files of purchases, labels"


@pytest.mark.parametrize("kind", list(CauseKind))
def test_data_that_a_finished_run_had_is_not_new(kind: CauseKind) -> None:
    same = replace(DATA, fingerprint="old")

    assert refusal(asked(kind), same) == (
        "no new data since the last run that finished; a person may force a run"
    )


def test_a_person_may_force_a_run_on_the_same_data() -> None:
    assert refusal(asked(CauseKind.PERSON, force=True), replace(DATA, fingerprint="old")) is None


def test_a_run_that_broke_may_be_tried_again_on_its_data() -> None:
    broken = replace(BEFORE, data_fingerprint="new", judged_fingerprint="old")

    assert refusal(asked(), DATA, broken) is None


def test_quarantine_that_only_removes_files_makes_no_new_data() -> None:
    refused = replace(BEFORE, data_fingerprint="with the bad file", judged_fingerprint="old")

    assert refusal(asked(), replace(DATA, fingerprint="old"), refused) is not None


@pytest.mark.parametrize(
    ("kind", "held_back"),
    [
        (CauseKind.SCHEDULE, True),
        (CauseKind.NEW_DATA, True),
        (CauseKind.DRIFT, False),
        (CauseKind.PERSON, False),
    ],
)
def test_only_schedule_and_new_data_cool_down(kind: CauseKind, held_back: bool) -> None:
    recent = replace(BEFORE, last_started_at=NOON - timedelta(hours=479))

    reason = refusal(asked(kind), DATA, recent)

    assert (reason is not None) is held_back
    if held_back:
        assert reason == (
            "cooling down until 1997-07-01T13:00:00Z: churn-dev-before started 1997-06-11T13:00:00Z"
        )


@pytest.mark.parametrize("kind", list(CauseKind))
def test_nobody_goes_beyond_the_daily_cap(kind: CauseKind) -> None:
    busy = replace(BEFORE, day="1997-07-01", count_today=3)

    assert refusal(asked(kind, force=True), DATA, busy) == (
        "3 runs started on 1997-07-01, which is the daily cap of 3"
    )


def test_the_cap_counts_each_day_anew() -> None:
    busy = replace(BEFORE, day="1997-06-30", count_today=3)

    assert count_on("1997-07-01", busy) == 0
    assert refusal(asked(), DATA, busy) is None


@pytest.mark.parametrize(
    ("kind", "triggers", "reason"),
    [
        (CauseKind.DRIFT, replace(TRIGGERS, on_drift=False), "triggers.on_drift = false"),
        (CauseKind.NEW_DATA, replace(TRIGGERS, on_new_data=False), "triggers.on_new_data = false"),
    ],
)
def test_a_trigger_that_the_card_switches_off_starts_nothing(
    kind: CauseKind, triggers: Triggers, reason: str
) -> None:
    assert refusal(asked(kind), triggers=triggers) == f"the card says {reason}"


@pytest.mark.parametrize("kind", list(CauseKind))
def test_enough_rejected_candidates_in_a_row_stop_every_cause(kind: CauseKind) -> None:
    assert refusal(asked(kind, force=True), rejected=4) is None
    for rejected in (5, 6):
        assert refusal(asked(kind, force=True), rejected=rejected) == (
            f"{rejected} rejected candidates in a row; a person resumes with "
            "`perennial resume --model churn`"
        )


@pytest.mark.parametrize("kind", list(CauseKind))
def test_a_pause_stops_every_cause_before_anything_else_is_looked_at(kind: CauseKind) -> None:
    nothing = Incoming(fingerprint="none", files={"purchases": 0, "labels": 0})

    assert refusal(asked(kind, force=True), nothing, paused="paused by kim") == "paused by kim"


def test_a_pause_does_not_stop_a_backfill() -> None:
    assert refusal(replace(asked(), purpose=Purpose.BACKFILL), paused="paused by kim") is None


@pytest.mark.parametrize("kind", [CauseKind.NEW_DATA, CauseKind.SCHEDULE])
def test_new_data_that_drift_has_waited_for_need_not_cool_down(kind: CauseKind) -> None:
    recent = replace(BEFORE, last_started_at=NOON - timedelta(hours=1), drift_waits=True)

    assert refusal(asked(kind), DATA, recent) is None
    assert refusal(asked(kind), replace(DATA, fingerprint="old"), recent) == NO_NEW_DATA


def backfill(**changes: Any) -> Asked:
    return replace(
        asked(CauseKind.PERSON),
        purpose=Purpose.BACKFILL,
        as_of=NOON - timedelta(days=90),
        **changes,
    )


def test_a_backfill_needs_no_new_data_and_is_not_paused() -> None:
    assert refusal(backfill(), replace(DATA, fingerprint="old"), rejected=5) is None


def test_a_backfill_counts_on_the_day_on_which_it_is_asked_for() -> None:
    full = replace(BEFORE, day="1997-07-01", count_today=3)

    assert refusal(backfill(), DATA, full) == (
        "3 runs started on 1997-07-01, which is the daily cap of 3"
    )
    assert refusal(backfill(asked_at=NOON + timedelta(days=1)), DATA, full) is None


def test_a_backfill_without_any_data_is_refused() -> None:
    nothing = Incoming(fingerprint="new", files={"purchases": 2, "labels": 0})

    assert refusal(backfill(), nothing) == "no model data yet: no files of labels"


def test_the_cool_down_is_over_to_the_second() -> None:
    ended = replace(BEFORE, last_started_at=NOON - timedelta(hours=480))
    almost = replace(BEFORE, last_started_at=NOON - timedelta(hours=480) + timedelta(seconds=1))

    assert refusal(asked(), DATA, ended) is None
    assert refusal(asked(), DATA, almost) is not None


def test_a_backfill_alone_begins_no_cool_down() -> None:
    only = replace(BEFORE, last_run_id=None, last_started_at=None, judged_fingerprint=None)

    assert refusal(asked(), DATA, only) is None
