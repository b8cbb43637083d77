from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from contracts import moment, naming, state
from contracts.run import Cause, CauseKind, Champion, Purpose, RunRequest
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.images import Image
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.pauses import Pauses
from lambdas.adapters.rejections import Rejections
from lambdas.adapters.state import StateTable
from lambdas.admission.answer import Answer, Outcome, Target
from lambdas.admission.causes import Asked
from lambdas.admission.decision import NO_NEW_DATA, Incoming
from lambdas.admission.door import Door, DoorBusy
from lambdas.admission.executions import Execution
from lambdas.admission.pausing import Pausing
from lambdas.admission.record import AdmissionRecord
from lambdas.admission.starts import Starts
from tests.unit.lambdas.examples import CARD, CHAMPION, DIGEST, IMAGE

NOON = moment.parse("1997-07-01T12:00:00Z")


class FakeIncoming:
    def __init__(self) -> None:
        self.fingerprint = "first"

    def now(self) -> Incoming:
        return Incoming(fingerprint=self.fingerprint, files={"purchases": 1, "labels": 1})


class FakeImages:
    def __init__(self) -> None:
        self.image: Image | None = Image(uri=IMAGE, digest=DIGEST)

    def newest(self, flavour: str) -> Image | None:
        assert flavour == CARD.image
        return self.image


class FakeExecutions:
    """Names stay taken; a start may be made to crash before or after it happened."""

    def __init__(self) -> None:
        self.started: dict[str, tuple[RunRequest, str]] = {}
        self.before_start: Callable[[], None] = lambda: None
        self.after_start: Callable[[], None] = lambda: None

    def arn_of(self, run: str) -> str:
        return f"arn:execution:{run}"

    def of(self, run: str) -> Execution | None:
        if run not in self.started:
            return None
        request, status = self.started[run]
        return Execution(
            arn=self.arn_of(run), running=status == "RUNNING", status=status, request=request
        )

    def start(self, request: RunRequest) -> str:
        self.before_start()
        self.started.setdefault(request.run_id, (request, "RUNNING"))
        self.after_start()
        return self.arn_of(request.run_id)

    def end(self, run: str, status: str = "SUCCEEDED") -> None:
        self.started[run] = (self.started[run][0], status)


class House:
    """The door with real tables and everything else faked."""

    def __init__(self, state_table: StateTable, ledger: Ledger, ledger_table: Any) -> None:
        self.leases = Leases(state_table, state.lease("churn"))
        self.incoming, self.images = FakeIncoming(), FakeImages()
        self.executions = FakeExecutions()
        self.champion = ChampionPointer(state_table, "churn")
        self.record = AdmissionRecord(state_table, "churn", max_rejected=5)
        self.rejections = Rejections(state_table, "churn")
        self.pauses = Pauses(state_table, "churn")
        self.pausing = Pausing(
            model="churn", pauses=self.pauses, rejections=self.rejections, ledger=ledger
        )
        self._state, self._ledger_table = state_table, ledger_table
        starts = Starts(model="churn", lease_hours=12, leases=self.leases, ledger=ledger)
        self.door = Door(
            target=Target(
                card=CARD, environment="dev", code_uri="s3://assets/code.zip", code_commit="unknown"
            ),
            leases=self.leases,
            record=self.record,
            rejections=self.rejections,
            pauses=self.pauses,
            incoming=self.incoming,  # pyright: ignore[reportArgumentType]
            images=self.images,  # pyright: ignore[reportArgumentType]
            champion=self.champion,
            executions=self.executions,  # pyright: ignore[reportArgumentType]
            starts=starts,
            pause=lambda: self.meanwhile(),
        )
        self.meanwhile: Callable[[], object] = lambda: None

    def finish(self, run: str) -> None:
        """What settlement does."""
        self.executions.end(run)
        self.leases.release(run)
        self._state.update(
            state.admission("churn"),
            "SET #judged_fingerprint = #data_fingerprint",
            "#last_run_id = :run",
            run=run,
        )

    def lines(self) -> list[tuple[str, str]]:
        items = self._ledger_table.query(
            KeyConditionExpression="model = :m", ExpressionAttributeValues={":m": "churn"}
        )["Items"]
        return [(item["kind"], item["subject"]) for item in items]


@pytest.fixture
def house(state_table: StateTable, ledger: Ledger, ledger_table: Any) -> House:
    return House(state_table, ledger, ledger_table)


def asked(
    id: str, kind: CauseKind = CauseKind.DRIFT, *, hours: float = 0, force: bool = False
) -> Asked:
    as_of = NOON + timedelta(hours=hours)
    cause = Cause(kind=kind, id=id, detail=f"{id} happened")
    return Asked(cause=cause, as_of=as_of, asked_at=as_of, force=force)


def run_of(id: str) -> str:
    return naming.run_id("churn", "dev", id)


def outcomes(answers: Sequence[Answer]) -> list[str]:
    return sorted(answer.outcome.value for answer in answers)


def crash() -> None:
    raise KeyboardInterrupt("the handler was killed")


def test_a_cause_starts_a_run_with_everything_it_needs(house: House) -> None:
    house.champion.move(CHAMPION, token=1)

    answer = house.door.ask(asked("alarm"))

    assert answer.outcome is Outcome.STARTED
    request, _ = house.executions.started[run_of("alarm")]
    assert (request.fencing_token, request.image_uri, request.image_digest) == (1, IMAGE, DIGEST)
    assert request.champion == CHAMPION
    assert request.as_of == NOON
    assert house.lines() == [("run_started", run_of("alarm"))]


def test_five_deliveries_at_once_make_one_execution(house: House) -> None:
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(house.door.ask, [asked("alarm")] * 5))

    assert len(house.executions.started) == 1
    assert outcomes(answers) == ["running"] * 4 + ["started"]
    assert house.lines() == [("run_started", run_of("alarm"))]
    admitted = house.record.read()
    assert admitted is not None
    assert admitted.count_today == 1


def test_shuffled_deliveries_of_two_causes_make_one_execution(house: House) -> None:
    events = [asked("alarm")] * 3 + [asked("object", CauseKind.NEW_DATA)] * 2
    Random(3).shuffle(events)

    answers = [house.door.ask(event) for event in events]

    assert len(house.executions.started) == 1
    assert sum(answer.outcome is Outcome.STARTED for answer in answers) == 1


def test_another_cause_is_refused_while_a_run_is_running(house: House) -> None:
    house.door.ask(asked("alarm"))

    answer = house.door.ask(asked("object", CauseKind.NEW_DATA, hours=1))

    assert answer.outcome is Outcome.REFUSED
    assert answer.reason == f"{run_of('alarm')} is running since 1997-07-01T12:00:00Z"
    assert ("run_refused", run_of("object")) in house.lines()


def test_an_admission_killed_before_the_start_is_finished_by_the_next_delivery(
    house: House,
) -> None:
    house.executions.before_start = crash
    with pytest.raises(KeyboardInterrupt):
        house.door.ask(asked("alarm"))
    house.executions.before_start = lambda: None

    assert house.door.ask(asked("alarm")).outcome is Outcome.STARTED
    admitted = house.record.read()
    assert admitted is not None
    assert admitted.count_today == 1
    assert house.executions.started[run_of("alarm")][0].fencing_token == 1


def test_an_admission_killed_after_the_start_is_written_down_by_the_next_delivery(
    house: House,
) -> None:
    house.executions.after_start = crash
    with pytest.raises(KeyboardInterrupt):
        house.door.ask(asked("alarm"))
    assert house.lines() == []
    house.executions.after_start = lambda: None

    assert house.door.ask(asked("alarm")).outcome is Outcome.RUNNING
    assert house.lines() == [("run_started", run_of("alarm"))]
    held = house.leases.current()
    assert held is not None
    assert held.expires_at == NOON + timedelta(hours=12)


def test_a_start_is_written_down_even_when_its_run_has_ended_meanwhile(house: House) -> None:
    house.executions.after_start = crash
    with pytest.raises(KeyboardInterrupt):
        house.door.ask(asked("alarm"))
    house.finish(run_of("alarm"))

    assert house.door.ask(asked("alarm")).outcome is Outcome.REFUSED
    assert house.lines() == [("run_started", run_of("alarm"))]
    assert house.leases.current() is None


def test_a_killed_admission_blocks_other_causes_for_a_quarter_of_an_hour(house: House) -> None:
    house.executions.before_start = crash
    with pytest.raises(KeyboardInterrupt):
        house.door.ask(asked("alarm"))
    house.executions.before_start = lambda: None

    with pytest.raises(DoorBusy, match="waits for another cause of churn to be judged"):
        house.door.ask(asked("person", hours=0.2))
    answer = house.door.ask(asked("person", CauseKind.PERSON, hours=0.25))

    assert answer.outcome is Outcome.STARTED
    assert house.executions.started[run_of("person")][0].fencing_token == 2


def test_a_cause_waits_for_one_that_is_only_being_judged(house: House) -> None:
    other = run_of("object")
    house.leases.take(other, as_of=NOON, until=NOON + timedelta(minutes=15), after=None)
    house.meanwhile = lambda: house.leases.abandon(other)

    assert house.door.ask(asked("alarm")).outcome is Outcome.STARTED


def test_an_expired_lease_of_a_run_that_runs_is_not_taken(house: House) -> None:
    house.door.ask(asked("alarm"))

    assert house.door.ask(asked("other", hours=13)).outcome is Outcome.REFUSED
    house.executions.end(run_of("alarm"), "FAILED")  # its settlement was lost
    house.incoming.fingerprint = "second"
    answer = house.door.ask(asked("other", hours=14, kind=CauseKind.DRIFT))

    assert answer.outcome is Outcome.STARTED
    assert house.executions.started[run_of("other")][0].fencing_token == 2


def test_a_cause_delivered_again_after_its_run_ended_starts_nothing(house: House) -> None:
    house.door.ask(asked("alarm"))
    house.finish(run_of("alarm"))

    answer = house.door.ask(asked("alarm"))

    assert answer.outcome is Outcome.REFUSED
    assert answer.reason == "this cause's run has ended: SUCCEEDED"
    assert house.leases.current() is None
    assert house.lines() == [("run_started", run_of("alarm"))]


def test_a_refusal_gives_the_lease_back_and_is_written_down(house: House) -> None:
    house.door.ask(asked("alarm"))
    house.finish(run_of("alarm"))

    answer = house.door.ask(asked("later", hours=24))

    assert answer.reason == "no new data since the last run that finished; a person may force a run"
    assert house.leases.current() is None
    assert ("run_refused", run_of("later")) in house.lines()


def test_without_an_image_there_is_no_run(house: House) -> None:
    house.images.image = None

    answer = house.door.ask(asked("alarm"))

    assert answer.reason == (
        "no image pushed: the repository holds no tag that begins with standard-"
    )
    assert house.leases.current() is None
    assert house.record.read() is None


def test_the_cap_of_three_runs_a_day_holds_for_people_too(house: House) -> None:
    for number in range(3):
        house.door.ask(asked(f"{number}", CauseKind.PERSON, hours=number, force=True))
        house.finish(run_of(f"{number}"))

    answer = house.door.ask(asked("fourth", CauseKind.PERSON, hours=4, force=True))

    assert answer.reason == "3 runs started on 1997-07-01, which is the daily cap of 3"


@pytest.mark.slow
def test_a_thousand_alarms_in_an_hour_start_at_most_the_daily_cap(house: House) -> None:
    """Each run ends at once and new data keeps coming, so that nothing else holds them back."""
    started = []
    for number in range(1000):
        answer = house.door.ask(asked(f"{number}", hours=number / 1000))
        if answer.outcome is Outcome.STARTED:
            started.append(answer.run_id)
            house.finish(answer.run_id)
            house.incoming.fingerprint = f"after {number}"

    assert started == [run_of("0"), run_of("1"), run_of("2")]


def test_drift_without_new_data_is_remembered_until_new_data_come(house: House) -> None:
    first = house.door.ask(asked("person", CauseKind.PERSON))
    house.finish(first.run_id)
    for number in (1, 2):
        assert house.door.ask(asked(f"alarm{number}", hours=number)).reason == NO_NEW_DATA
    house.incoming.fingerprint = "second"

    waited_for = house.door.ask(asked("object", CauseKind.NEW_DATA, hours=24))
    house.finish(waited_for.run_id)
    house.incoming.fingerprint = "third"
    another = house.door.ask(asked("another", CauseKind.NEW_DATA, hours=48))

    assert waited_for.outcome is Outcome.STARTED
    assert another.reason.startswith("cooling down until")


def test_new_data_without_drift_cool_down(house: House) -> None:
    house.finish(house.door.ask(asked("person", CauseKind.PERSON)).run_id)
    house.door.ask(asked("schedule", CauseKind.SCHEDULE, hours=1))  # refused: no new data
    house.incoming.fingerprint = "second"

    answer = house.door.ask(asked("object", CauseKind.NEW_DATA, hours=24))

    assert answer.reason.startswith("cooling down until")


def backfill(id: str, *, champion: Champion | None = None, hours: float = 0) -> Asked:
    return replace(
        asked(id, CauseKind.PERSON, hours=hours),
        as_of=NOON - timedelta(days=60),
        purpose=Purpose.BACKFILL,
        champion=champion,
    )


def test_a_backfill_runs_as_of_a_past_date_under_a_lease_of_today(house: House) -> None:
    house.champion.move(CHAMPION, token=1)
    served_then = replace(CHAMPION, version=7)

    answer = house.door.ask(backfill("incident", champion=served_then))

    request, _ = house.executions.started[answer.run_id]
    assert (request.purpose, request.as_of) == (Purpose.BACKFILL, NOON - timedelta(days=60))
    assert request.champion == served_then
    held = house.leases.current()
    assert held is not None
    assert (held.since, held.expires_at) == (NOON, NOON + timedelta(hours=12))
    assert house.door.ask(asked("alarm", hours=1)).outcome is Outcome.REFUSED


def test_a_backfill_without_a_champion_is_compared_with_the_one_that_serves(house: House) -> None:
    house.champion.move(CHAMPION, token=1)

    answer = house.door.ask(backfill("incident"))

    assert house.executions.started[answer.run_id][0].champion == CHAMPION


def test_a_backfill_delivered_twice_runs_and_counts_once(house: House) -> None:
    house.executions.before_start = crash
    with pytest.raises(KeyboardInterrupt):
        house.door.ask(backfill("incident"))
    house.executions.before_start = lambda: None

    assert house.door.ask(backfill("incident")).outcome is Outcome.STARTED
    assert house.door.ask(backfill("incident")).outcome is Outcome.RUNNING
    admitted = house.record.read()
    assert admitted is not None
    assert (admitted.count_today, admitted.last_run_id) == (1, None)


def test_a_backfill_leaves_cool_down_and_data_as_they_were(house: House) -> None:
    house.finish(house.door.ask(asked("alarm")).run_id)
    before = house.record.read()

    house.executions.end(house.door.ask(backfill("incident", hours=1)).run_id)

    after = house.record.read()
    assert before is not None
    assert after is not None
    assert after.count_today == 2
    assert replace(after, count_today=1, counted_run_id=before.counted_run_id) == before


def wish(cause: str, detail: str, *, minute: int = 0, who: str = "kim") -> dict[str, str]:
    return {
        "cause": cause,
        "as_of": f"1997-07-01T13:{minute:02}:00Z",
        "id": who,
        "detail": detail,
    }


def test_rejected_candidates_in_a_row_pause_until_a_person_resumes(house: House) -> None:
    for number in range(5):
        house.rejections.add(f"run {number}")
    assert "5 rejected candidates in a row" in house.door.ask(asked("alarm")).reason

    event = wish("resume", "labels were late")
    answers = [house.pausing.answer(event), house.pausing.answer(event)]

    assert answers[0] == {
        "outcome": "resumed",
        "reason": "retraining resumes after 5 rejected candidates in a row: labels were late",
    }
    assert house.lines().count(("resumed", "kim")) == 1
    assert house.door.ask(asked("next alarm", hours=2)).outcome is Outcome.STARTED


def test_a_paused_model_starts_nothing_until_a_person_resumes(house: House) -> None:
    event = wish("pause", "the labels are wrong")
    answers = [house.pausing.answer(event), house.pausing.answer(event)]

    refused = house.door.ask(asked("alarm"))
    assert {answer["outcome"] for answer in answers} == {"paused"}
    assert refused.outcome is Outcome.REFUSED
    assert refused.reason == (
        "paused by kim since 1997-07-01T13:00:00Z: the labels are wrong; a person resumes with "
        "`perennial resume --model churn`"
    )
    assert house.leases.current() is None
    assert house.lines().count(("paused", "kim")) == 1

    answer = house.pausing.answer(wish("resume", "mended", minute=30))
    assert answer["reason"] == (
        "retraining resumes after the pause of kim since 1997-07-01T13:00:00Z "
        "(the labels are wrong): mended"
    )
    assert house.door.ask(asked("next alarm", hours=2)).outcome is Outcome.STARTED


def test_one_resumption_lifts_a_pause_and_the_rejections_alike(house: House) -> None:
    for number in range(5):
        house.rejections.add(f"run {number}")
    house.pausing.answer(wish("pause", "all of them bad"))

    answer = house.pausing.answer(wish("resume", "mended", minute=30))

    assert "5 rejected candidates in a row and the pause of kim" in answer["reason"]
    assert house.door.ask(asked("next alarm", hours=2)).outcome is Outcome.STARTED


def test_the_first_pause_keeps_its_reason(house: House) -> None:
    house.pausing.answer(wish("pause", "the labels are wrong"))

    answer = house.pausing.answer(wish("pause", "something else", minute=5, who="lee"))

    assert answer["outcome"] == "refused"
    assert answer["reason"].startswith("already paused by kim")
    assert house.lines() == [("paused", "kim")]


def test_what_a_run_may_not_exceed_is_left_for_settlement(
    house: House, state_table: StateTable
) -> None:
    house.door.ask(asked("alarm"))

    assert (state_table.read(state.admission("churn")) or {})["max_rejected"] == 5
