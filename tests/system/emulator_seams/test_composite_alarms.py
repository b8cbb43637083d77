"""Composite alarms on the real account: what a rule says, who is told, what may be deleted."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import MINUTE, Queue
from tests.system.emulator_seams.test_stacks import Stack, resource, stack

__all__ = ["stack"]

pytestmark = pytest.mark.system

STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")


@dataclass
class Alarms:
    """Alarms of one test, whose states it sets by what they measure or by hand."""

    cloudwatch: Any
    account: RunningAccount
    made: list[str] = field(default_factory=list[str])

    def metric(self, name: str, **more: Any) -> str:
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Composite",
            MetricName=name,
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",
            **more,
        )
        self.made.append(name)
        return name

    def composite(self, name: str, rule: str, **more: Any) -> str:
        self.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, **more)
        self.made.append(name)
        return name

    def becomes(self, name: str, state: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    def measures(self, name: str, value: float) -> None:
        self.cloudwatch.put_metric_data(
            Namespace="Composite", MetricData=[{"MetricName": name, "Value": value}]
        )
        self.account.advance(MINUTE)

    def described(self, name: str) -> dict[str, Any]:
        answer = self.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
        [alarm] = answer["CompositeAlarms"]
        return alarm

    def state(self, name: str) -> str:
        return self.described(name)["StateValue"]

    def delete_all(self) -> None:
        """The last made first, one for each request: AWS takes one composite alarm in one."""
        for name in reversed(self.made):
            self.cloudwatch.delete_alarms(AlarmNames=[name])


@pytest.fixture
def alarms(account: RunningAccount) -> Iterator[Alarms]:
    made = Alarms(account.client("cloudwatch"), account)
    yield made
    made.delete_all()


@pytest.fixture
def told(account: RunningAccount, queue: Queue) -> tuple[str, Queue]:
    sns = account.client("sns")
    topic = sns.create_topic(Name=queue.url.rpartition("/")[2])["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    return topic, queue


def subjects(queue: Queue, least: int = 0) -> list[str]:
    return [json.loads(body)["Subject"].partition(":")[0] for body in queue.received(least=least)]


TRUTH = [
    ("TRUE", lambda _a, _b: True),
    ("FALSE", lambda _a, _b: False),
    ("NOT TRUE OR FALSE", lambda _a, _b: False),
    ("ALARM(a)", lambda a, _b: a == "ALARM"),
    ('OK("a")', lambda a, _b: a == "OK"),
    ("INSUFFICIENT_DATA(a)", lambda a, _b: a == "INSUFFICIENT_DATA"),
    ("NOT ALARM(a)", lambda a, _b: a != "ALARM"),
    ("ALARM(a) AND ALARM(b)", lambda a, b: a == b == "ALARM"),
    ("ALARM(a) OR ALARM(b)", lambda a, b: "ALARM" in (a, b)),
    ("ALARM(a) AND NOT ALARM(b)", lambda a, b: a == "ALARM" != b),
    ("(ALARM(a) OR ALARM(b)) AND OK(b)", lambda a, b: a == "ALARM" and b == "OK"),
    # AND binds closer than OR, as in every grammar of its kind.
    ("ALARM(a) OR OK(a) AND FALSE", lambda a, _b: a == "ALARM"),
    ("NOT (OK(a) AND OK(b))", lambda a, b: not a == b == "OK"),
]
"""The functions and operators of
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html,
its three examples among them."""


def test_rules_are_true_exactly_when_the_documentation_says(alarms: Alarms) -> None:
    alarms.metric("a")
    alarms.metric("b")
    rules = {f"rule-{number}": truth for number, (_, truth) in enumerate(TRUTH)}
    for name, (rule, _) in zip(rules, TRUTH, strict=True):
        alarms.composite(name, rule)
    for a, b in itertools.product(STATES, STATES):
        alarms.becomes("a", a)
        alarms.becomes("b", b)
        found = {name: alarms.state(name) for name in rules}
        expected = {name: "ALARM" if truth(a, b) else "OK" for name, truth in rules.items()}
        assert found == expected, (a, b)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("ALARM(a", "AlarmRule"),
        ("ALARM(a) ALARM(a)", "must be: <EOF>, 'AND', 'OR'"),
        ("ON(a)", "Unsupported token 'ON'"),
        ("ALARM(nobody)", "do not exist"),
        (" OR ".join(["TRUE"] * 501), "500 elements"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name(alarms: Alarms, rule: str, said: str) -> None:
    alarms.metric("a")
    with pytest.raises(ClientError) as refused:
        alarms.cloudwatch.put_composite_alarm(AlarmName="never", AlarmRule=rule)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert said in str(refused.value)
    found = alarms.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert "never" not in [each["AlarmName"] for each in found]


def test_only_metric_alarms_are_described_unless_composite_ones_are_asked_for(
    alarms: Alarms,
) -> None:
    alarms.metric("child")
    alarms.composite("parent", "ALARM(child)")
    describe = alarms.cloudwatch.describe_alarms
    names = {"AlarmNames": ["child", "parent"]}
    assert describe(**names)["CompositeAlarms"] == []
    both = describe(**names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [len(both["MetricAlarms"]), len(both["CompositeAlarms"])] == [1, 1]

    children = describe(ChildrenOfAlarmName="parent")
    assert set(children["MetricAlarms"][0]) >= {"AlarmName", "AlarmArn", "StateValue"}
    assert children["CompositeAlarms"] == []
    [parent] = describe(ParentsOfAlarmName="child")["CompositeAlarms"]
    assert parent["AlarmName"] == "parent"
    with pytest.raises(ClientError, match="StateValue"):
        describe(ChildrenOfAlarmName="parent", StateValue="OK")


def test_one_cause_that_sets_off_two_alarms_is_told_once(
    alarms: Alarms, told: tuple[str, Queue]
) -> None:
    topic, queue = told
    alarms.metric("first")
    alarms.metric("second")
    alarms.composite(
        "either", "ALARM(first) OR ALARM(second)", AlarmActions=[topic], OKActions=[topic]
    )
    assert subjects(queue, least=1) == ["OK"]
    for name in ("first", "second"):
        alarms.measures(name, 1)
    [message] = [json.loads(json.loads(each)["Message"]) for each in queue.received()]
    assert message["NewStateValue"] == "ALARM"
    assert message["TriggeringChildren"][0]["Arn"].endswith(":alarm:first")
    alarms.measures("first", 0)
    assert alarms.state("either") == "ALARM"
    alarms.measures("second", 0)
    assert subjects(queue, least=1) == ["OK"]
    history = alarms.cloudwatch.describe_alarm_history(
        AlarmName="either", AlarmTypes=["CompositeAlarm"], HistoryItemType="Action"
    )["AlarmHistoryItems"]
    assert len(history) == 3


SUPPRESSED = {"ActionsSuppressorWaitPeriod": 120, "ActionsSuppressorExtensionPeriod": 180}


def test_a_suppressed_alarm_changes_its_state_and_tells_nobody_until_its_suppressor_ends(
    account: RunningAccount, alarms: Alarms, told: tuple[str, Queue]
) -> None:
    topic, queue = told
    for name in ("slow", "broken"):
        alarms.metric(name)
        alarms.becomes(name, "OK")
    incident = alarms.composite("incident", "ALARM(broken)")
    settings = {"ActionsSuppressor": incident, **SUPPRESSED}
    alarms.composite("warning", "ALARM(slow)", AlarmActions=[topic], OKActions=[topic], **settings)
    assert alarms.described("warning")["ActionsSuppressedBy"] == "WaitPeriod"
    account.advance(3 * MINUTE)
    assert subjects(queue, least=1) == ["OK"]
    assert {field: alarms.described("warning")[field] for field in settings} == settings

    alarms.measures("slow", 1)
    alarms.measures("broken", 1)
    account.advance(10 * MINUTE)
    warning = alarms.described("warning")
    assert (warning["StateValue"], warning["ActionsSuppressedBy"]) == ("ALARM", "Alarm")
    assert subjects(queue) == []

    alarms.measures("broken", 0)
    assert alarms.described("warning")["ActionsSuppressedBy"] == "ExtensionPeriod"
    account.advance(4 * MINUTE)
    assert subjects(queue, least=1) == ["ALARM"]
    assert "ActionsSuppressedBy" not in alarms.described("warning")


def test_an_alarm_that_waits_in_vain_for_its_suppressor_tells_after_the_wait(
    account: RunningAccount, alarms: Alarms, told: tuple[str, Queue]
) -> None:
    topic, queue = told
    for name in ("slow", "broken"):
        alarms.metric(name)
    alarms.composite(
        "lone", "ALARM(slow)", AlarmActions=[topic], ActionsSuppressor="broken", **SUPPRESSED
    )
    account.advance(3 * MINUTE)
    alarms.measures("slow", 1)
    assert subjects(queue) == []
    account.advance(3 * MINUTE)
    assert subjects(queue, least=1) == ["ALARM"]


def test_an_alarm_that_others_depend_on_is_not_deleted(alarms: Alarms) -> None:
    alarms.metric("needed")
    alarms.metric("suppressor")
    alarms.composite("upper", "ALARM(needed)", ActionsSuppressor="suppressor", **SUPPRESSED)
    alarms.composite("other", "TRUE")
    delete = alarms.cloudwatch.delete_alarms
    for name in ("needed", "suppressor"):
        with pytest.raises(ClientError, match=f"Cannot delete {name} as there are composite"):
            delete(AlarmNames=[name])
    with pytest.raises(ClientError, match="only one composite alarm delete is allowed"):
        delete(AlarmNames=["upper", "other"])
    with pytest.raises(ClientError, match="must be an existing alarm, got nobody"):
        alarms.composite("odd", "TRUE", ActionsSuppressor="nobody", **SUPPRESSED)


def test_a_stack_makes_changes_and_deletes_composite_alarms_in_their_order(
    alarms: Alarms, stack: Stack
) -> None:
    child = resource(
        "AWS::CloudWatch::Alarm",
        Namespace="Composite",
        MetricName="stacked",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    rule = {"Fn::Join": ["", ['ALARM("', {"Fn::GetAtt": ["Child", "Arn"]}, '")']]}
    upper = resource("AWS::CloudWatch::CompositeAlarm", AlarmRule=rule)
    lower = resource(
        "AWS::CloudWatch::CompositeAlarm",
        AlarmName="stacked-lower",
        AlarmRule=rule,
        ActionsSuppressor={"Fn::GetAtt": ["Upper", "Arn"]},
        ActionsSuppressorWaitPeriod="60",
        ActionsSuppressorExtensionPeriod="60",
        Tags=[{"Key": "kept", "Value": "yes"}],
    )
    names = stack.create(Child=child, Upper=upper, Lower=lower)
    assert names["Lower"] == "stacked-lower"
    arn = alarms.described("stacked-lower")["AlarmArn"]
    assert alarms.described("stacked-lower")["ActionsSuppressor"].endswith(f":{names['Upper']}")
    tags = alarms.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert {"Key": "kept", "Value": "yes"} in tags

    changed = {**lower, "Properties": {**lower["Properties"], "AlarmRule": "TRUE"}}
    stack.update(Child=child, Upper=upper, Lower=changed)
    assert alarms.state("stacked-lower") == "ALARM"
    assert stack.delete() == "DELETE_COMPLETE"
    left = alarms.cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert "stacked-lower" not in str(left)
    assert names["Child"] not in str(left)
