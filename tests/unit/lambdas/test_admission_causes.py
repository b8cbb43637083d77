from dataclasses import asdict
from typing import Any

import pytest

from contracts import moment
from contracts.errors import ContractError
from contracts.run import CauseKind, Purpose
from lambdas.admission.causes import read_cause
from tests.unit.lambdas.examples import CHAMPION

ALARM = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:churn-drift"


def alarm_event(**changes: Any) -> dict[str, Any]:
    state = {"value": "ALARM", "timestamp": "1997-07-01T06:00:11.000+0000", "reason": "share 0.5"}
    return {
        "id": "any",
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "time": "1997-07-01T06:00:12Z",
        "resources": [ALARM],
        "detail": {"alarmName": "churn-drift", "state": {**state, **changes}},
    }


def object_event(key: str = "churn/incoming/labels/may.csv", version: str = "v1") -> dict[str, Any]:
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "1997-07-01T06:00:12Z",
        "detail": {
            "bucket": {"name": "data"},
            "object": {"key": key, "version-id": version, "etag": "e", "size": 3},
        },
    }


def schedule(id: str = "attempt-1") -> dict[str, Any]:
    return {"cause": "schedule", "as_of": "1997-07-01T00:00:00Z", "id": id}


def test_schedulers_retries_are_one_cause() -> None:
    first, second = (read_cause(schedule(id), model="churn") for id in ("attempt-1", "attempt-2"))

    assert first == second
    assert first.as_of == moment.parse("1997-07-01T00:00:00Z")


def test_an_alarm_is_a_cause_for_each_time_it_trips() -> None:
    one = read_cause(alarm_event(), model="churn")
    again = read_cause({**alarm_event(), "id": "another delivery"}, model="churn")
    later = read_cause(alarm_event(timestamp="1997-07-09T06:00:11.000+0000"), model="churn")

    assert one == again
    assert one.cause.id != later.cause.id
    assert one.cause.kind is CauseKind.DRIFT
    assert one.cause.detail == "churn-drift: share 0.5"
    assert one.as_of == moment.parse("1997-07-01T06:00:12Z")


def test_an_object_is_a_cause_for_each_version() -> None:
    one, other = (read_cause(object_event(version=v), model="churn") for v in ("v1", "v2"))

    assert one.cause.id == "object data/churn/incoming/labels/may.csv v1"
    assert one.cause.id != other.cause.id
    assert one.cause.kind is CauseKind.NEW_DATA


def test_a_person_may_force_and_a_schedule_may_not() -> None:
    person = {
        "cause": "person",
        "as_of": "1997-07-01T00:00:00Z",
        "id": "1",
        "detail": "new code",
        "force": True,
    }

    assert read_cause(person, model="churn").force
    assert not read_cause({**schedule(), "force": True}, model="churn").force


@pytest.mark.parametrize(
    ("event", "message"),
    [
        pytest.param(
            alarm_event(value="OK"),
            "event.detail.state.value must be ALARM to start a run, got 'OK'",
            id="alarm that is OK",
        ),
        pytest.param(
            object_event(key="recsys/incoming/a/b.csv"),
            "event.detail.object.key must lie below churn/incoming/, got 'recsys/incoming/a/b.csv'",
            id="another model's data",
        ),
        pytest.param(
            {"cause": "drift", "as_of": "1997-07-01T00:00:00Z", "id": "1"},
            "event.cause must be schedule or person (drift comes as its own event)",
            id="drift by hand",
        ),
        pytest.param(
            {"cause": "whim", "as_of": "1997-07-01T00:00:00Z"},
            "event.cause must be one of schedule, drift, new_data, person, got 'whim'",
            id="unknown cause",
        ),
        pytest.param(
            {"cause": "schedule", "as_of": "1997-07-01T00:00:00", "id": "1"},
            "event.as_of must name its offset (such as Z), got '1997-07-01T00:00:00'",
            id="time without offset",
        ),
        pytest.param(
            {"source": "aws.ec2", "detail-type": "Something"},
            "admission takes a schedule or a person ('cause'), a CloudWatch Alarm State Change "
            "or an S3 Object Created, got source 'aws.ec2', detail-type 'Something'",
            id="foreign event",
        ),
    ],
)
def test_what_is_no_cause_is_refused_by_name(event: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError) as refusal:
        read_cause(event, model="churn")

    assert str(refusal.value) == message


PAST = {
    "cause": "person",
    "purpose": "backfill",
    "as_of": "1997-05-01T00:00:00Z",
    "asked_at": "1997-07-01T12:00:00Z",
    "id": "kim",
    "detail": "the incident of May",
}


def test_a_person_may_have_the_loop_run_as_of_a_past_date() -> None:
    asked = read_cause({**PAST, "champion": asdict(CHAMPION)}, model="churn")

    assert asked.purpose is Purpose.BACKFILL
    assert asked.as_of == moment.parse("1997-05-01T00:00:00Z")
    assert asked.asked_at == moment.parse("1997-07-01T12:00:00Z")
    assert asked.champion == CHAMPION
    assert read_cause(PAST, model="churn").champion is None


def test_a_backfill_must_say_when_it_is_asked_for() -> None:
    event = {name: value for name, value in PAST.items() if name != "asked_at"}

    with pytest.raises(ContractError, match="asked_at"):
        read_cause(event, model="churn")


def test_a_backfill_of_the_future_is_refused() -> None:
    with pytest.raises(ContractError, match=r"must not lie after asked_at .*got 1997-07-02"):
        read_cause({**PAST, "as_of": "1997-07-02T00:00:00Z"}, model="churn")


def test_a_schedule_cannot_backfill() -> None:
    asked = read_cause({**schedule(), "purpose": "backfill"}, model="churn")

    assert asked.purpose is Purpose.RETRAIN
