"""Traffic that changed raises the drift alarm; the alarm starts one run however often it comes."""

import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from contracts import moment
from contracts.ledger import LedgerKind
from tests.system.loop.platform_under_test import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

_ROWS = 3000
_TRAINING_MONTH = "1997-02-01"
"""Of every model that these scenarios train: labels of later months do not land."""
_MUCH_LATER = "1998-04-01"


def _send_and_check(platform: Platform, snapshot: str) -> dict[str, Any]:
    """Have a month's customers scored, then check for drift as the schedule would."""
    _earlier_traffic_judged(platform)
    _calmed(platform)
    return _asked_and_checked(platform, snapshot)


def _asked_and_checked(platform: Platform, snapshot: str) -> dict[str, Any]:
    platform.ask_model(platform.request_rows(_ROWS, snapshot=snapshot))
    return _checked(platform)


def _checked(platform: Platform) -> dict[str, Any]:
    # Captures count once they are old enough to have reached S3.
    platform.account.advance(timedelta(minutes=10))
    answer = platform.client("lambda").invoke(
        FunctionName=platform.deployed.drift_check_function,
        Payload=json.dumps({"as_of": moment.render(platform.account.now())}).encode(),
    )
    return json.loads(answer["Payload"].read())


def _earlier_traffic_judged(platform: Platform) -> None:
    """Let the next window hold nothing of what other scenarios have asked."""
    earlier = _checked(platform)
    if earlier["verdict"] == "no_verdict" and earlier["rows"]:
        assert _asked_and_checked(platform, _TRAINING_MONTH)["verdict"] != "no_verdict"


def _calmed(platform: Platform) -> None:
    """Let an alarm that another scenario set off end: only a change of its state asks for a run."""
    platform.pass_until(
        lambda: platform.drift_alarm()["StateValue"] != "ALARM", "no alarm is on", step=6 * 3600
    )
    platform.come_to_rest()


def test_the_training_month_replayed_as_traffic_is_no_drift(platform: Platform):
    champion = platform.champion()

    answer = _send_and_check(platform, _TRAINING_MONTH)

    assert answer["verdict"] == "no_drift", answer
    assert answer["rows"] >= _ROWS
    platform.account.advance(timedelta(minutes=5))
    assert platform.drift_alarm()["StateValue"] == "OK"
    platform.assert_at_rest_on(champion)


def test_a_much_later_month_raises_the_alarm_which_asks_for_a_run(platform: Platform):
    known = len(platform.ledger())

    answer = _send_and_check(platform, _MUCH_LATER)

    assert answer["verdict"] == "drift", answer
    platform.pass_until(
        lambda: platform.drift_alarm()["StateValue"] == "ALARM", "the drift alarm trips"
    )
    platform.pass_until(lambda: bool(_asked_by_drift(platform, known)), "admission was asked")
    platform.come_to_rest()
    [asked] = _asked_by_drift(platform, known)
    assert platform.deployed.drift_alarm in asked.details["cause_id"]
    assert platform.lease_owner() is None
    # The next day's metric is missing, which is no breach: the alarm is back where it was.
    platform.pass_until(
        lambda: platform.drift_alarm()["StateValue"] == "OK",
        "the drift alarm is over",
        step=4 * 3600,
    )
    platform.come_to_rest()


def _asked_by_drift(platform: Platform, known: int) -> list[Any]:
    return [
        entry
        for entry in platform.ledger()[known:]
        if entry.kind in (LedgerKind.RUN_STARTED, LedgerKind.RUN_REFUSED)
        and entry.details.get("cause") == "drift"
    ]


def test_one_alarm_delivered_five_times_at_once_starts_one_run(platform: Platform):
    champion = platform.champion()
    with platform.no_new_data_rule():
        platform.land("late-for-the-alarm.csv", platform.late.take())
    before, told = platform.runs(), len(platform.inbox.all())
    tripped = _event(platform, state="ALARM", ago=timedelta(minutes=1))
    older = _event(platform, state="ALARM", ago=timedelta(hours=5))
    deliveries = [tripped] * 5 + [older]
    random.shuffle(deliveries)

    with ThreadPoolExecutor(len(deliveries)) as pool:
        list(pool.map(lambda event: _deliver(platform, event), deliveries))
    platform.pass_until(lambda: platform.runs() != before, "an alarm started a run")
    platform.come_to_rest()

    [run_id] = platform.runs() - before
    run = platform.ended(run_id, told_before=told)
    assert run.status == "SUCCEEDED", run.failed()
    [started] = platform.ledger(LedgerKind.RUN_STARTED, about=run_id)
    assert started.details["cause"] == "drift"
    # Whichever of the two was first, the other was told that a run was on already.
    [refused] = [
        entry for entry in platform.ledger(LedgerKind.RUN_REFUSED) if run_id in entry.summary
    ]
    assert f"{run_id} is running since" in refused.summary
    again = platform.admit(_started_by(started.details["cause_id"], tripped, older))
    assert again["outcome"] == "refused"
    assert again["reason"] == "this cause's run has ended: SUCCEEDED"
    assert platform.runs() - before == {run_id}
    assert len(platform.notices(run)) == 1
    assert platform.lease_owner() is None
    assert platform.champion().version >= champion.version


def test_the_alarm_s_way_back_to_ok_asks_for_nothing(platform: Platform):
    events = platform.client("events")
    [pattern] = [
        rule["EventPattern"]
        for rule in events.list_rules()["Rules"]
        if "CloudWatch Alarm State Change" in rule.get("EventPattern", "")
    ]
    for state, matches in (("ALARM", True), ("OK", False), ("INSUFFICIENT_DATA", False)):
        event = _event(platform, state=state, ago=timedelta())
        answer = events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))
        assert answer["Result"] is matches, state


def _started_by(cause_id: str, *events: dict[str, Any]) -> dict[str, Any]:
    [event] = [each for each in events if each["detail"]["state"]["timestamp"] in cause_id]
    return event


def _deliver(platform: Platform, event: dict[str, Any]) -> None:
    """As EventBridge does: asynchronously. (PutEvents takes no event of source ``aws.…``.)"""
    platform.client("lambda").invoke(
        FunctionName=platform.deployed.admission_function,
        InvocationType="Event",
        Payload=json.dumps(event).encode(),
    )


def _event(platform: Platform, *, state: str, ago: timedelta) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html."""
    at, alarm = platform.account.now() - ago, platform.drift_alarm()
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": platform.account.account_id,
        "time": moment.render(at),
        "region": platform.account.region,
        "resources": [alarm["AlarmArn"]],
        "detail": {
            "alarmName": alarm["AlarmName"],
            "state": {
                "value": state,
                "reason": "Threshold Crossed: 1 datapoint was greater than the threshold (0.3).",
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000",
            },
            "previousState": {"value": "OK", "timestamp": "1997-04-30T00:00:00.000+0000"},
        },
    }
