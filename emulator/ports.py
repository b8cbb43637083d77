"""What the emulated services ask of the account around them, in their own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from emulator.clock import Clock


class Account(Protocol):
    """The account: identity, clock, and the neighbours an emulated service talks to.

    Every method may be called from any thread but the event loop's. Tests hand in a fake.
    """

    account_id: str
    region: str
    state_dir: Path
    """A folder of this account's own; each service makes its own folder below it."""

    @property
    def clock(self) -> Clock:
        """The account's time; by the host's class it is more than a :class:`Clock`."""
        ...

    @property
    def endpoint_url(self) -> str:
        """Where the AWS SDK reaches this account (``http://127.0.0.1:<port>``)."""
        ...

    def client(self, service: str) -> Any:
        """Return a boto3 client that talks to this account."""
        ...

    def put_event(
        self, *, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]
    ) -> None:
        """Send an event to the default bus as the AWS service ``source``."""
        ...

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
        """Record one datum as the AWS service would; ``timestamp`` defaults to now."""
        ...

    def write_log(self, *, group: str, stream: str, messages: Sequence[str]) -> None:
        """Append to CloudWatch Logs, making group and stream where missing."""
        ...
