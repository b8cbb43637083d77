"""Alarms on the real account: stores, notices, and the round through the clock."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import MINUTE, Queue

pytestmark = pytest.mark.system

Route = Callable[[dict[str, Any]], Queue]
STATE_CHANGES = {
    "source": ["aws.cloudwatch"],
    "detail-type": ["CloudWatch Alarm State Change"],
}


@pytest.fixture
def cloudwatch(account: RunningAccount) -> Iterator[Any]:
    client = account.client("cloudwatch")
    yield client
    names = [alarm["AlarmName"] for alarm in client.describe_alarms()["MetricAlarms"]]
    client.delete_alarms(AlarmNames=names)


def put(cloudwatch: Any, name: str, **changed: Any) -> None:
    settings: dict[str, Any] = {
        "AlarmName": name,
        "Namespace": "Test",
        "MetricName": name,
        "Dimensions": [{"Name": "Variant", "Value": "green"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        **changed,
    }
    cloudwatch.put_metric_alarm(**{k: v for k, v in settings.items() if v is not None})


def measure(cloudwatch: Any, name: str, value: float, variant: str = "green") -> None:
    datum = {
        "MetricName": name,
        "Value": value,
        "Dimensions": [{"Name": "Variant", "Value": variant}],
    }
    cloudwatch.put_metric_data(Namespace="Test", MetricData=[datum])


def state(cloudwatch: Any, name: str) -> str:
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]


def test_an_alarm_is_described_with_all_that_it_was_put_with(cloudwatch: Any) -> None:
    put(cloudwatch, "whole", Unit="Count", AlarmDescription="See the runbook")
    described = cloudwatch.describe_alarms(AlarmNames=["whole"])["MetricAlarms"][0]
    expected = {
        "Dimensions": [{"Name": "Variant", "Value": "green"}],
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
        "Unit": "Count",
        "AlarmDescription": "See the runbook",
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "ActionsEnabled": True,
    }
    assert {name: described[name] for name in expected} == expected


def test_only_the_alarms_own_dimensions_breach(account: RunningAccount, cloudwatch: Any) -> None:
    put(cloudwatch, "dimensions")
    measure(cloudwatch, "dimensions", 5, variant="blue")
    account.advance(MINUTE)
    assert state(cloudwatch, "dimensions") == "OK"
    measure(cloudwatch, "dimensions", 5)
    account.advance(MINUTE)
    assert state(cloudwatch, "dimensions") == "ALARM"
    account.advance(10 * MINUTE)
    assert state(cloudwatch, "dimensions") == "OK"


def test_a_transition_is_an_event_without_any_action(
    account: RunningAccount, cloudwatch: Any, events_to: Route
) -> None:
    queue = events_to({**STATE_CHANGES, "detail": {"state": {"value": ["ALARM"]}}})
    put(cloudwatch, "told")
    measure(cloudwatch, "told", 2)
    account.advance(MINUTE)
    event = json.loads(queue.received()[0])
    detail = event["detail"]
    assert event["resources"][0].endswith(":alarm:told")
    assert detail["alarmName"] == "told"
    assert detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert detail["state"]["reason"].startswith(
        "Threshold Crossed: 1 out of the last 2 datapoints [2.0 ("
    )
    assert json.loads(detail["state"]["reasonData"])["recentDatapoints"] == [2.0]
    stat = detail["configuration"]["metrics"][0]["metricStat"]
    assert stat["metric"]["dimensions"] == {"Variant": "green"}


def test_actions_reach_the_topic(account: RunningAccount, cloudwatch: Any, queue: Queue) -> None:
    sns = account.client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    put(cloudwatch, "acting", AlarmActions=[topic])
    measure(cloudwatch, "acting", 2)
    account.advance(MINUTE)
    envelope = json.loads(queue.received()[0])
    message = json.loads(envelope["Message"])
    assert envelope["Subject"] == 'ALARM: "acting" in US East (N. Virginia)'
    assert (message["OldStateValue"], message["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert message["Trigger"]["Dimensions"] == [{"value": "green", "name": "Variant"}]
    history = cloudwatch.describe_alarm_history(AlarmName="acting")["AlarmHistoryItems"]
    assert {item["HistoryItemType"] for item in history} >= {"StateUpdate", "Action"}


def test_a_state_set_by_hand_acts_and_is_evaluated_again(
    account: RunningAccount, cloudwatch: Any, events_to: Route
) -> None:
    queue = events_to({**STATE_CHANGES, "detail": {"alarmName": ["by-hand"]}})
    put(cloudwatch, "by-hand")
    cloudwatch.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="a drill")
    assert json.loads(queue.received()[0])["detail"]["state"]["reason"] == "a drill"
    account.advance(MINUTE)
    assert state(cloudwatch, "by-hand") == "OK"


def test_metric_math_is_kept_and_evaluated(account: RunningAccount, cloudwatch: Any) -> None:
    def stat(name: str, metric: str) -> dict[str, Any]:
        dimensions = [{"Name": "Variant", "Value": "green"}]
        named = {"Namespace": "Test", "MetricName": metric, "Dimensions": dimensions}
        return {
            "Id": name,
            "MetricStat": {"Metric": named, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }

    queries = [
        {"Id": "share", "Expression": "FILL(bad, 0) / all", "ReturnData": True},
        stat("bad", "math-bad"),
        stat("all", "math-all"),
    ]
    gone = dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period"))
    put(cloudwatch, "math", Metrics=queries, Threshold=0.5, **gone)
    measure(cloudwatch, "math-all", 10)
    measure(cloudwatch, "math-bad", 6)
    account.advance(MINUTE)
    described = cloudwatch.describe_alarms(AlarmNames=["math"])["MetricAlarms"][0]
    assert described["StateValue"] == "ALARM"
    assert described["Metrics"] == queries
    assert "Statistic" not in described


def test_what_cannot_be_evaluated_is_refused_by_name(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="GreaterThanUpperThreshold"):
        put(cloudwatch, "band", ComparisonOperator="GreaterThanUpperThreshold")
    assert cloudwatch.describe_alarms(AlarmNames=["band"])["MetricAlarms"] == []


def test_an_alarm_on_a_queue_is_on_while_messages_wait(
    account: RunningAccount, cloudwatch: Any, queue: Queue
) -> None:
    put(
        cloudwatch,
        "waiting",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": queue.arn.rsplit(":", 1)[-1]}],
        Statistic="Maximum",
        Period=300,
        EvaluationPeriods=1,
    )
    account.advance(10 * MINUTE)
    assert state(cloudwatch, "waiting") == "OK"
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody="dead")
    account.advance(2 * MINUTE)
    assert state(cloudwatch, "waiting") == "ALARM"
    account.advance(1440 * MINUTE)
    assert state(cloudwatch, "waiting") == "ALARM"
    assert queue.received() == ["dead"]
    account.advance(30 * MINUTE)
    assert state(cloudwatch, "waiting") == "OK"
    items = cloudwatch.describe_alarm_history(AlarmName="waiting")["AlarmHistoryItems"]
    updates = [i for i in items if i["HistoryItemType"] == "StateUpdate"]
    assert len(updates) == 4
