"""An account for tests: S3 by moto, a clock that stands still, everything sent kept in lists."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from emulator.images import Image

ACCOUNT_ID = "123456789012"
REGION = "eu-west-1"
IMAGE_URI = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/models:1"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/jobs"


class StillClock:
    def __init__(self) -> None:
        self.time = datetime(1997, 2, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing in SageMaker's core sleeps")

    def wait(self, event: threading.Event, seconds: float) -> bool:
        raise AssertionError("nothing in SageMaker's core waits for the account's time")


class AnAccount:
    account_id = ACCOUNT_ID
    region = REGION
    endpoint_url = "http://127.0.0.1:1"

    def __init__(self, state_dir: Path, **clients: Any) -> None:
        self.state_dir = state_dir
        self.clock = StillClock()
        self.events: list[dict[str, Any]] = []
        self._clients: dict[str, Any] = clients
        self.logs: dict[tuple[str, str], list[str]] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=REGION,
                aws_access_key_id=ACCOUNT_ID,
                aws_secret_access_key="test",
            )
        return self._clients[service]

    def put_event(
        self, *, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]
    ) -> None:
        self.events.append(
            {
                "source": source,
                "detail-type": detail_type,
                "detail": dict(detail),
                "resources": list(resources),
            }
        )

    def put_metric(self, **datum: Any) -> None:
        raise AssertionError(f"SageMaker's core puts no metric, got {datum}")

    def write_log(self, *, group: str, stream: str, messages: Sequence[str]) -> None:
        self.logs.setdefault((group, stream), []).extend(messages)


class SomeImages:
    """Every image that was registered, by its URI."""

    def __init__(self) -> None:
        self.registered: dict[str, Image] = {}

    def resolve(self, image_uri: str) -> Image | None:
        return self.registered.get(image_uri)

    def register(self, root: Path, *entrypoint: str, **environment: str) -> Image:
        image = Image(
            uri=IMAGE_URI,
            digest=f"sha256:{'a' * 64}",
            root=root,
            entrypoint=entrypoint,
            path=(root / "bin",),
            environment=environment,
        )
        self.registered[IMAGE_URI] = image
        return image
