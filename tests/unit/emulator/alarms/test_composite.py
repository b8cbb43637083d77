"""What a composite alarm may not be, and how its notices look."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.cloudwatch.composite import elements, refusal
from emulator.cloudwatch.notices import Moment, Transition

TOPIC = "arn:aws:sns:us-east-1:000000000000:people"
GOOD: dict[str, Any] = {"AlarmName": "c", "AlarmRule": "ALARM(a) OR ALARM(b)"}
SUPPRESSED = {
    "ActionsSuppressor": "s",
    "ActionsSuppressorWaitPeriod": 60,
    "ActionsSuppressorExtensionPeriod": 60,
}


def test_a_complete_composite_alarm_is_accepted() -> None:
    asked = {**GOOD, **SUPPRESSED, "AlarmActions": [TOPIC], "OKActions": [TOPIC]}
    assert refusal(asked, {"a": 149, "b": 0}) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AlarmRule": ""}, "1 to 10240 characters, got 0"),
        ({"AlarmRule": "TRUE OR " * 1280 + "TRUE"}, "got 10244"),
        ({"AlarmRule": " OR ".join(["TRUE"] * 501)}, "500 elements, got 501"),
        ({"AlarmActions": [TOPIC] * 6}, "AlarmActions takes 5 actions at most, got 6"),
        ({"OKActions": ["arn:aws:ssm:us-east-1:0:opsitem:1"]}, "does not perform the action"),
        ({"ActionsSuppressorWaitPeriod": 60}, "without ActionsSuppressor"),
        ({"ActionsSuppressor": "s"}, "ActionsSuppressorWaitPeriod is required"),
        ({**SUPPRESSED, "ActionsSuppressorExtensionPeriod": -1}, "0 seconds or more, got -1"),
    ],
)
def test_a_refusal_names_what_is_wrong(changed: dict[str, Any], said: str) -> None:
    assert said in (refusal({**GOOD, **changed}, {}) or "")


def test_a_rule_names_a_hundred_alarms_and_an_alarm_is_in_150_rules() -> None:
    assert refusal(GOOD, {str(number): 0 for number in range(100)}) is None
    assert "got 101" in (refusal(GOOD, {str(number): 0 for number in range(101)}) or "")
    assert "a is in the rules of 150" in (refusal(GOOD, {"a": 150}) or "")


def test_elements_are_alarms_constants_and_parentheses_but_not_what_is_quoted() -> None:
    assert elements("TRUE") == 1
    assert elements('ALARM("OK(TRUE) (")') == 3
    assert elements("NOT (OK(a) AND INSUFFICIENT_DATA(b))") == 8


def transition(**alarm: Any) -> Transition:
    at = datetime(2026, 11, 24, 6, tzinfo=UTC)
    children = {
        "triggeringAlarms": [{"arn": "arn:a", "state": {"value": "ALARM", "timestamp": "t"}}]
    }
    before = Moment(value="OK", reason="r", reason_data=None, at=at, suppressed_by="WaitPeriod")
    after = Moment(value="ALARM", reason="r", reason_data=json.dumps(children), at=at)
    record = {**GOOD, "AlarmArn": "arn:c", **alarm}
    return Transition(
        alarm=record, account_id="0", region="r", configured=at, before=before, after=after
    )


def test_the_message_names_the_rule_and_the_children_that_set_it_off() -> None:
    message = json.loads(transition().message())
    assert message["AlarmRule"] == GOOD["AlarmRule"]
    assert message["TriggeringChildren"] == [
        {"Arn": "arn:a", "State": {"Value": "ALARM", "Timestamp": "t"}}
    ]
    assert "Trigger" not in message


def test_the_event_names_the_suppressor_and_what_it_suppressed() -> None:
    detail = transition(**SUPPRESSED).event_detail()
    assert detail["configuration"] == {
        "alarmRule": GOOD["AlarmRule"],
        "actionsSuppressor": "s",
        "actionsSuppressorWaitPeriod": 60,
        "actionsSuppressorExtensionPeriod": 60,
    }
    assert detail["previousState"]["actionsSuppressedBy"] == "WaitPeriod"
    assert "actionsSuppressedBy" not in detail["state"]
