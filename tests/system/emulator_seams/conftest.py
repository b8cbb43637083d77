"""One account for the tests of what we changed in MiniStack."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator import client
from emulator.client import RunningAccount

START = datetime(2026, 11, 24, 6, 0, 10, tzinfo=UTC)
ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAccount]:
    with client.start(state=tmp_path_factory.mktemp("account"), clock=START) as running:
        yield running


@dataclass(frozen=True)
class Queue:
    """A queue that shows what was delivered to it."""

    sqs: Any
    url: str
    arn: str

    def received(self, *, least: int = 1) -> list[str]:
        """Return the messages; wait a little where fewer than ``least`` have come."""
        bodies: list[str] = []
        end = time.monotonic() + 10
        while len(bodies) < least and time.monotonic() < end:
            answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            if not answer.get("Messages"):
                threading.Event().wait(0.05)
        return bodies


@pytest.fixture
def queue(account: RunningAccount, request: pytest.FixtureRequest) -> Iterator[Queue]:
    sqs = account.client("sqs")
    name = f"queue-{abs(hash(request.node.nodeid))}"
    url = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "1209600"})[
        "QueueUrl"
    ]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    yield Queue(sqs, url, told["Attributes"]["QueueArn"])
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def events_to(account: RunningAccount, queue: Queue) -> Iterator[Callable[[dict[str, Any]], Queue]]:
    """Route the events of a pattern to the queue."""
    events = account.client("events")
    made: list[str] = []

    def route(pattern: dict[str, Any]) -> Queue:
        name = f"rule-{abs(hash(queue.url))}"
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn}])
        made.append(name)
        return queue

    yield route
    for name in made:
        events.remove_targets(Rule=name, Ids=["1"])
        events.delete_rule(Name=name)


@dataclass(frozen=True)
class Machines:
    """State machines made for one test."""

    sfn: Any
    name: str
    made: list[str]

    def create(self, states: dict[str, Any], **top: Any) -> str:
        first = next(iter(states))
        definition = {"StartAt": first, "States": states, "QueryLanguage": "JSONata", **top}
        arn = self.sfn.create_state_machine(
            name=f"{self.name}-{len(self.made)}", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        self.made.append(arn)
        return arn

    def start(self, states: dict[str, Any], given: Any = None, **top: Any) -> str:
        machine = self.create(states, **top)
        started = self.sfn.start_execution(
            stateMachineArn=machine, input=json.dumps({} if given is None else given)
        )
        return started["executionArn"]

    def ended(self, arn: str, *, seconds: float = 15) -> dict[str, Any]:
        """Return the description of an execution once it is over."""
        end = time.monotonic() + seconds
        while True:
            described = self.sfn.describe_execution(executionArn=arn)
            if described["status"] != "RUNNING" or time.monotonic() > end:
                return described
            threading.Event().wait(0.05)

    def history(self, arn: str) -> list[str]:
        events = self.sfn.get_execution_history(executionArn=arn)["events"]
        return [event["type"] for event in events]


@pytest.fixture
def machines(account: RunningAccount, request: pytest.FixtureRequest) -> Iterator[Machines]:
    sfn = account.client("stepfunctions")
    made = Machines(sfn, f"m{abs(hash(request.node.nodeid))}", [])
    yield made
    for arn in made.made:
        sfn.delete_state_machine(stateMachineArn=arn)


MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
