"""What the account says of itself, and how it writes logs."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from emulator.account import EmbeddedAccount, Identity, region_of


class Missing(Exception):
    pass


class Exists(Exception):
    pass


class FakeLogs:
    """CloudWatch Logs, as far as the account asks it."""

    exceptions = SimpleNamespace(
        ResourceNotFoundException=Missing, ResourceAlreadyExistsException=Exists
    )

    def __init__(self) -> None:
        self.streams: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.groups: set[str] = set()

    def put_log_events(self, *, logGroupName: str, logStreamName: str, logEvents: Any) -> None:
        if (logGroupName, logStreamName) not in self.streams:
            raise Missing
        self.streams[logGroupName, logStreamName] += logEvents

    def create_log_group(self, *, logGroupName: str) -> None:
        if logGroupName in self.groups:
            raise Exists
        self.groups.add(logGroupName)

    def create_log_stream(self, *, logGroupName: str, logStreamName: str) -> None:
        if (logGroupName, logStreamName) in self.streams:
            raise Exists
        self.streams[logGroupName, logStreamName] = []


MAY = datetime(1997, 5, 1, tzinfo=UTC)


@pytest.fixture
def logs() -> FakeLogs:
    return FakeLogs()


@pytest.fixture
def account(tmp_path: Path, logs: FakeLogs) -> EmbeddedAccount:
    made = EmbeddedAccount(
        identity=Identity(account_id="000000000000", region="us-east-1", port=4566),
        state_dir=tmp_path,
        clock=cast("Any", SimpleNamespace(now=lambda: MAY)),
    )
    made._clients["logs"] = logs  # pyright: ignore[reportPrivateUsage]
    return made


def test_its_environment_points_an_sdk_at_it_and_nowhere_else(account: EmbeddedAccount):
    assert account.endpoint_url == "http://127.0.0.1:4566"
    assert account.identity.environment() == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-central-1"),
    ],
)
def test_its_region_is_the_starter_s(environment: dict[str, str], region: str):
    assert region_of(environment) == region


def test_a_log_stream_is_made_when_it_is_missing(account: EmbeddedAccount, logs: FakeLogs):
    for stream in ("one", "two"):
        account.write_log(group="/aws/sagemaker/TrainingJobs", stream=stream, messages=["a", "b"])
    account.write_log(group="/aws/sagemaker/TrainingJobs", stream="one", messages=["c"])
    written = logs.streams["/aws/sagemaker/TrainingJobs", "one"]
    assert [event["message"] for event in written] == ["a", "b", "c"]
    assert {event["timestamp"] for event in written} == {int(MAY.timestamp() * 1000)}


def test_an_empty_line_is_not_logged(account: EmbeddedAccount, logs: FakeLogs):
    account.write_log(group="g", stream="s", messages=["", ""])
    assert logs.streams == {}
