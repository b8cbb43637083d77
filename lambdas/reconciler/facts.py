"""What a comparison knows of the registry and of the endpoint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The champion's version, as the registry has it now."""

    status: str
    artifact_sha256: str
    image_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """What the Model of a configuration's live variant consists of."""

    image_digest: str
    manifest_sha256: str
    model_data_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    name: str
    status: str
    config: str
    failure: str | None

    @property
    def leaving(self) -> bool:
        return self.status == "Deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All three sides at one moment."""

    package: Package | None
    """None: the registry has no such version."""
    endpoint: Endpoint | None
    deployment: Hosted | None
    """Of what the champion pointer names; None: its configuration or Model is gone."""
