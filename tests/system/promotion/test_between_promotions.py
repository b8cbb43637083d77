"""What looks after an endpoint while nobody promotes: its alarms, its captures, its sleep."""

from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from contracts.ledger import LedgerKind
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion.stage import SETTINGS, serving

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

MINUTE, HOUR = 60.0, 3600.0

CARE = (
    ("serving", "idle_hours = 6"),
    ("serving.autoscaling", "max_instances = 4"),
    ("serving.autoscaling", "invocations_per_minute = 6000"),
)


@pytest.fixture(scope="module")
def asleep_or_not(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    """A platform of its own: days pass on it, which other scenarios must not see."""
    room = tmp_path_factory.mktemp("care")
    with serving(room, [*SETTINGS, *CARE]) as platform:
        yield platform


@pytest.fixture
def platform(asleep_or_not: LivePlatform) -> LivePlatform:
    """An endpoint that serves, whatever the scenario before left."""
    if not exists(asleep_or_not):
        wake(asleep_or_not)
    return asleep_or_not


def exists(platform: LivePlatform) -> bool:
    name = platform.deployed.endpoint
    return bool(platform.client("sagemaker").list_endpoints(NameContains=name)["Endpoints"])


def wake(platform: LivePlatform) -> None:
    platform.command_line("wake", "--reason", "work goes on")
    platform.come_to_rest()


def scaled(platform: LivePlatform) -> list[tuple[str, int, int]]:
    found = platform.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker"
    )["ScalableTargets"]
    return [(each["ResourceId"], each["MinCapacity"], each["MaxCapacity"]) for each in found]


def told(platform: LivePlatform, runbook: str, *, since: int) -> list[str]:
    page = f"docs/runbooks/{runbook}.md"
    return [notice.text for notice in platform.inbox.all()[since:] if page in notice.text]


def rings(platform: LivePlatform, runbook: str) -> bool:
    pages = platform.client("cloudwatch").get_paginator("describe_alarms").paginate()
    [state] = [
        alarm["StateValue"]
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["AlarmDescription"].endswith(f"docs/runbooks/{runbook}.md")
    ]
    return state == "ALARM"


def test_an_endpoint_sleeps_when_nobody_asks_and_is_woken_as_it_was(
    platform: LivePlatform,
) -> None:
    champion, rows = platform.champion(), platform.request_rows(3)
    since, removed = len(platform.inbox.all()), len(platform.ledger(LedgerKind.ENDPOINT_REMOVED))
    target = (f"endpoint/{platform.deployed.endpoint}/variant/live", 2, 4)
    assert scaled(platform) == [target]
    for _ in range(8):
        platform.ask_model(rows)
        platform.account.advance(HOUR)
    assert exists(platform)

    platform.pass_until(lambda: not exists(platform), "the idle endpoint is removed", step=HOUR)

    [line] = platform.ledger(LedgerKind.ENDPOINT_REMOVED)[removed:]
    assert line.summary == (
        f"{platform.deployed.endpoint} is removed: no request within the last 6 hours; "
        "it comes back with `perennial wake` or the next promotion"
    )
    assert scaled(platform) == []
    platform.account.advance(8 * 24 * HOUR)  # the reconciler looks by itself once a week
    assert platform.ledger(LedgerKind.MISMATCHED) == []
    assert platform.champion() == champion

    wake(platform)

    assert platform.champion().deployment == champion.deployment
    assert platform.ask_model(rows) == champion.version
    assert scaled(platform) == [target]
    assert platform.ledger(LedgerKind.MISMATCHED) == []
    assert told(platform, "incident", since=since) == []


def test_callers_whose_requests_are_refused_make_the_alarm_ring_until_they_mend_them(
    platform: LivePlatform,
) -> None:
    since, runtime = len(platform.inbox.all()), platform.impatient_runtime()

    def refused() -> None:
        for _ in range(25):
            with pytest.raises(ClientError, match="ModelError"):
                runtime.invoke_endpoint(
                    EndpointName=platform.deployed.endpoint, ContentType="text/csv", Body=b"1,2\n"
                )

    def answered() -> None:
        for _ in range(25):
            platform.ask_model(platform.request_rows(1))

    each_minute(platform, refused, until=lambda: rings(platform, "endpoint-4xx"))
    platform.pass_until(lambda: bool(told(platform, "warning", since=since)), "people are told")
    each_minute(platform, answered, until=lambda: not rings(platform, "endpoint-4xx"))

    assert not rings(platform, "endpoint-5xx")


def each_minute(
    platform: LivePlatform, ask: Callable[[], None], *, until: Callable[[], bool]
) -> None:
    for _ in range(20):
        if until():
            return
        ask()
        platform.account.advance(MINUTE)
    raise AssertionError("twenty minutes of requests changed nothing")


def test_captures_that_are_lost_are_told_at_the_next_drift_check(platform: LivePlatform) -> None:
    since, s3 = len(platform.inbox.all()), platform.client("s3")
    began = platform.account.now()
    for _ in range(30):
        platform.ask_model(platform.request_rows(1))
    platform.account.advance(10 * MINUTE)
    bucket = platform.deployed.captures_bucket
    prefix = f"{platform.deployed.model}/{platform.deployed.endpoint}/"
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    lost = [item["Key"] for item in found if item["LastModified"] >= began]
    assert lost
    for key in lost:
        s3.delete_object(Bucket=bucket, Key=key)

    platform.pass_until(lambda: rings(platform, "capture-gap"), "the gap is found", step=HOUR)
    platform.pass_until(lambda: bool(told(platform, "warning", since=since)), "it is told")
    platform.pass_until(lambda: not rings(platform, "capture-gap"), "a day without", step=6 * HOUR)
