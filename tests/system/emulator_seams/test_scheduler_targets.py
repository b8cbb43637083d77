"""What schedules deliver: exactly Input, with the context attributes filled in."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import DAY, ROLE, Machines, Queue

pytestmark = pytest.mark.system

INPUT = json.dumps(
    {
        "at": "<aws.scheduler.scheduled-time>",
        "id": "<aws.scheduler.execution-id>",
        "of": "<aws.scheduler.schedule-arn>",
        "attempt": "<aws.scheduler.attempt-number>",
    }
)


def schedule(account: RunningAccount, name: str, expression: str, target: dict[str, Any]) -> str:
    return account.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"RoleArn": ROLE, **target},
    )["ScheduleArn"]


def test_each_occurrence_carries_its_own_time(account: RunningAccount, queue: Queue) -> None:
    target = {"Arn": queue.arn, "Input": INPUT}
    arn = schedule(account, "daily", "cron(30 4 * * ? *)", target)
    account.advance(3 * DAY)
    account.client("scheduler").delete_schedule(Name="daily")
    told = [json.loads(body) for body in queue.received(least=3)]
    assert len(told) == 3
    assert {each["at"][10:] for each in told} == {"T04:30:00Z"}
    assert len({each["at"] for each in told}) == 3
    assert len({each["id"] for each in told}) == 3
    assert {(each["of"], each["attempt"]) for each in told} == {(arn, "1")}


def test_a_universal_target_calls_the_api_with_the_input(
    account: RunningAccount, queue: Queue
) -> None:
    request = {"QueueUrl": queue.url, "MessageBody": "<aws.scheduler.scheduled-time>"}
    at = (account.now() + timedelta(hours=2)).replace(microsecond=0, tzinfo=None)
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(request)}
    schedule(account, "universal", f"at({at.isoformat()})", target)
    account.advance(timedelta(hours=3))
    assert queue.received() == [f"{at.isoformat()}Z"]


def test_a_state_machine_s_input_is_exactly_the_schedule_s(
    account: RunningAccount, machines: Machines
) -> None:
    machine = machines.create({"P": {"Type": "Pass", "End": True}})
    schedule(account, "machine", "rate(1 hour)", {"Arn": machine, "Input": '{"a": 1}'})
    account.advance(timedelta(minutes=61))
    account.client("scheduler").delete_schedule(Name="machine")
    found = machines.sfn.list_executions(stateMachineArn=machine)["executions"]
    assert len(found) == 1
    assert json.loads(machines.ended(found[0]["executionArn"])["input"]) == {"a": 1}


def test_a_target_that_cannot_be_invoked_is_refused_by_name(account: RunningAccount) -> None:
    target = {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c"}
    with pytest.raises(ClientError, match="cluster/c"):
        schedule(account, "ecs", "rate(1 hour)", target)
