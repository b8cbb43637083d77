"""What a promotion knows of the endpoint and of the version it wants to put there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.errors import ContractError


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    status: str
    config: str
    instances: int
    failure: str | None
    changed_at: datetime
    variants: tuple[str, ...]
    last_alarms: tuple[str, ...] = ()
    """Those that the last update was to be rolled back by: they are named after its deployment."""
    pending: str = ""
    """The configuration that an update is on its way to; empty without one."""
    pending_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One model package, as registration wrote it and the gate or a person approved it."""

    arn: str
    number: int
    status: str
    image_uri: str
    model_data_url: str
    metadata: Mapping[str, str]

    def fact(self, name: str) -> str:
        if not self.metadata.get(name):
            raise ContractError(f"version {self.number} lacks {name} in its registry metadata")
        return self.metadata[name]
