"""The embedded account as its services see it: who it is, what time it is, whom to call."""

import contextlib
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from emulator.account_clock import AccountClock
from emulator.faults.callers import Callers, Kind

DEFAULT_ACCOUNT_ID = "000000000000"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What names the account from outside: its id, its region, its address."""

    account_id: str
    region: str
    port: int

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the variables that point an AWS SDK at this account, and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def region_of(environment: Mapping[str, str] = os.environ) -> str:
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


@dataclass(slots=True, kw_only=True)
class EmbeddedAccount:
    """Implements :class:`emulator.ports.Account` on MiniStack."""

    identity: Identity
    state_dir: Path
    clock: AccountClock
    callers: Callers = field(default_factory=Callers)
    account_id: str = field(init=False)
    region: str = field(init=False)
    _clients: dict[str, Any] = field(init=False, default_factory=dict)
    _making: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.account_id = self.identity.account_id
        self.region = self.identity.region

    @property
    def endpoint_url(self) -> str:
        return self.identity.endpoint_url

    @property
    def _scope(self) -> tuple[str, str]:
        return self.account_id, self.region

    def client(self, service: str) -> Any:
        """Return the account's one client of ``service``: making one takes a tenth of a second."""
        found = self._clients.get(service)
        if found is None:
            with self._making:
                found = self._clients.get(service) or self._make_client(service)
                self._clients[service] = found
        return found

    def _make_client(self, service: str) -> Any:
        from boto3.session import Session
        from botocore.config import Config

        # What AWS's services do on their own account are the calls of nobody's process.
        key, _ = self.callers.admit(Kind.SERVICE, "aws")
        credentials = self.identity.environment() | {"AWS_ACCESS_KEY_ID": key}
        return Session().client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            config=Config(max_pool_connections=50, retries={"mode": "standard"}),
        )

    def put_event(
        self, *, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]
    ) -> None:
        from emulator.ministack import neighbours

        neighbours.put_event(
            self._scope,
            source=source,
            detail_type=detail_type,
            detail=detail,
            resources=resources,
        )

    def put_metric(
        self,
        *,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        unit: str = "None",
        timestamp: datetime | None = None,
    ) -> None:
        from emulator.ministack import neighbours

        neighbours.put_metric(
            self._scope,
            namespace=namespace,
            name=name,
            dimensions=dimensions,
            value=value,
            unit=unit,
            timestamp=self.clock.now() if timestamp is None else timestamp,
        )

    def write_log(self, *, group: str, stream: str, messages: Sequence[str]) -> None:
        logs = self.client("logs")
        now = int(self.clock.now().timestamp() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages if message]
        if not events:
            return
        try:
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        except logs.exceptions.ResourceNotFoundException:
            self._make_stream(logs, group, stream)
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    @staticmethod
    def _make_stream(logs: Any, group: str, stream: str) -> None:
        exists = logs.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(exists):
            logs.create_log_group(logGroupName=group)
        with contextlib.suppress(exists):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
