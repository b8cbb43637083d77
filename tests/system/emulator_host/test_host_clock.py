"""One clock for everything in the account, advanced event by event."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.client import RunningAccount
from tests.system.emulator_host import functions

pytestmark = pytest.mark.system

DAY = timedelta(days=1)


@pytest.fixture
def queue(account: RunningAccount, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A queue that keeps messages for the longest time SQS allows: 14 days."""
    sqs = account.client("sqs")
    name = f"queue-{abs(hash(request.node.name))}"
    url = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "1209600"})
    attributes = sqs.get_queue_attributes(QueueUrl=url["QueueUrl"], AttributeNames=["QueueArn"])
    yield url["QueueUrl"], attributes["Attributes"]["QueueArn"]
    sqs.delete_queue(QueueUrl=url["QueueUrl"])


def _received(account: RunningAccount, url: str) -> list[str]:
    sqs = account.client("sqs")
    bodies: list[str] = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in batch:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def test_an_advance_moves_the_time_that_services_write(account: RunningAccount):
    s3 = account.client("s3")
    s3.create_bucket(Bucket="dated")
    before = account.now()
    now = account.advance(3 * DAY)
    assert timedelta() <= now - before - 3 * DAY < timedelta(seconds=5)
    s3.put_object(Bucket="dated", Key="file", Body=b"1")
    written = s3.head_object(Bucket="dated", Key="file")["LastModified"]
    assert abs(written - now) < timedelta(seconds=5)


def test_a_rate_rule_fires_once_per_occurrence_at_its_own_time(
    account: RunningAccount, queue: tuple[str, str]
):
    url, arn = queue
    events = account.client("events")
    events.put_rule(Name="daily", ScheduleExpression="rate(1 day)")
    events.put_targets(
        Rule="daily",
        Targets=[{"Id": "1", "Arn": arn, "InputPath": "$.time"}],
    )
    made = account.now()
    account.advance(10 * DAY + timedelta(hours=1))
    events.remove_targets(Rule="daily", Ids=["1"])
    events.delete_rule(Name="daily")
    times = [datetime.fromisoformat(body.strip('"')) for body in _received(account, url)]
    assert len(times) == 10
    for number, moment in enumerate(sorted(times), start=1):
        assert abs(moment - (made + number * DAY)) < timedelta(seconds=5)


def test_a_cron_schedule_fires_on_its_days_and_at_its_hour(
    account: RunningAccount, queue: tuple[str, str]
):
    url, arn = queue
    scheduler = account.client("scheduler")
    scheduler.create_schedule(
        Name="mondays",
        ScheduleExpression="cron(30 6 ? * MON *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": functions.ROLE, "Input": '"monday"'},
    )
    monday = _next_monday(account.now())
    account.advance_to(monday - timedelta(minutes=1))
    assert _received(account, url) == []
    account.advance_to(monday + timedelta(minutes=1))
    assert _received(account, url) == ['"monday"']
    account.advance_to(monday + timedelta(days=13))
    assert _received(account, url) == ['"monday"']
    scheduler.delete_schedule(Name="mondays")


def _next_monday(now: datetime) -> datetime:
    """A Monday's 06:30 that is a day ahead at least, with no other one before it."""
    start = (now + DAY).astimezone(UTC).replace(hour=6, minute=30, second=0, microsecond=0)
    return start + timedelta(days=(-start.weekday()) % 7)


def test_a_one_time_schedule_fires_once(account: RunningAccount, queue: tuple[str, str]):
    url, arn = queue
    moment = (account.now() + timedelta(hours=5)).replace(microsecond=0)
    scheduler = account.client("scheduler")
    scheduler.create_schedule(
        Name="once",
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": arn, "RoleArn": functions.ROLE, "Input": '"once"'},
    )
    account.advance(2 * DAY)
    assert _received(account, url) == ['"once"']
    names = [schedule["Name"] for schedule in scheduler.list_schedules()["Schedules"]]
    assert "once" not in names


def test_a_disabled_rule_does_not_make_up_for_what_it_missed(
    account: RunningAccount, queue: tuple[str, str]
):
    url, arn = queue
    events = account.client("events")
    events.put_rule(Name="off", ScheduleExpression="rate(1 hour)", State="DISABLED")
    events.put_targets(Rule="off", Targets=[{"Id": "1", "Arn": arn}])
    account.advance(DAY)
    events.enable_rule(Name="off")
    account.advance(timedelta(minutes=30))
    assert _received(account, url) == []
    account.advance(timedelta(minutes=40))
    events.disable_rule(Name="off")
    assert len(_received(account, url)) == 1


def test_a_month_passes_without_ending_a_warm_function(account: RunningAccount):
    functions.deploy(
        account, "warm", "import os\ndef handler(event, context): return os.getpid()\n"
    )
    before: Any = functions.invoke(account, "warm")
    account.advance(30 * DAY)
    assert functions.invoke(account, "warm") == before


def test_how_long_a_function_took_does_not_include_an_advance(
    account: RunningAccount, until: Callable[..., bool]
):
    functions.deploy(account, "slow", "import time\ndef handler(event, context): time.sleep(0.5)\n")
    account.client("lambda").invoke(FunctionName="slow", InvocationType="Event", Payload=b"{}")
    account.advance(DAY, patience=0.1)
    logs = account.client("logs")

    def report() -> list[str]:
        groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/slow")["logGroups"]
        if not groups:
            return []
        events = logs.filter_log_events(logGroupName="/aws/lambda/slow")["events"]
        return [event["message"] for event in events if event["message"].startswith("REPORT")]

    assert until(lambda: bool(report()))
    milliseconds = int(report()[0].partition("Duration: ")[2].split()[0])
    assert 500 <= milliseconds < 20_000


def test_the_clock_does_not_go_back(account: RunningAccount):
    from emulator.client import AccountError

    with pytest.raises(AccountError, match="the clock only goes forward"):
        account.advance_to(datetime(1996, 1, 1, tzinfo=UTC))


def test_a_changed_expression_counts_from_its_change(
    account: RunningAccount, queue: tuple[str, str]
):
    url, arn = queue
    events = account.client("events")
    events.put_rule(Name="changed", ScheduleExpression="rate(30 days)")
    events.put_targets(Rule="changed", Targets=[{"Id": "1", "Arn": arn}])
    account.advance(10 * DAY)
    events.put_rule(Name="changed", ScheduleExpression="rate(1 day)")
    account.advance(timedelta(hours=1))
    assert _received(account, url) == []
    account.advance(DAY)
    events.disable_rule(Name="changed")
    assert len(_received(account, url)) == 1


def test_an_advance_overtakes_no_event_of_s3(account: RunningAccount, queue: tuple[str, str]):
    url, arn = queue
    s3, events = account.client("s3"), account.client("events")
    s3.create_bucket(Bucket="telling")
    s3.put_bucket_notification_configuration(
        Bucket="telling", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    events.put_rule(Name="landed", EventPattern='{"source": ["aws.s3"]}')
    events.put_targets(Rule="landed", Targets=[{"Id": "1", "Arn": arn, "InputPath": "$.time"}])
    landed = account.now()
    for number in range(20):
        s3.put_object(Bucket="telling", Key=f"file-{number}", Body=b"1")
    account.advance(DAY)
    times = [datetime.fromisoformat(body.strip('"')) for body in _received(account, url)]
    events.remove_targets(Rule="landed", Ids=["1"])
    events.delete_rule(Name="landed")
    assert len(times) == 20
    assert max(times) - landed < timedelta(minutes=1)
