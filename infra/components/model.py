"""One model in one environment: its card, what it may use, and what AWS calls what it has."""

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import aws_sns as sns

from contracts import card as cards
from contracts import layout, naming
from infra.components.stores import Stores
from infra.components.tracking import TrackingServer
from infra.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    folder: Path
    card: cards.ModelCard
    settings: Settings
    stores: Stores
    topic: sns.Topic
    tracking: TrackingServer | None
    """Where training logs; None: nowhere."""

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def card_path(self) -> Path:
        return self.folder / "card.toml"

    @property
    def endpoint(self) -> str:
        return naming.endpoint(self.name, self.settings.name)

    @property
    def package_group(self) -> str:
        return naming.package_group(self.name, self.settings.name)

    @property
    def made_at_run_time(self) -> str:
        """What every job, Model, EndpointConfig and rollback alarm is called, as IAM matches it."""
        return f"{self.name}-{self.settings.name}-*"

    @property
    def incoming(self) -> str:
        return layout.incoming_prefix(self.name)

    @property
    def snapshots(self) -> str:
        return f"{self.name}/snapshots/"

    @property
    def passing(self) -> str:
        return layout.passing_prefix(self.name)

    @property
    def quarantine(self) -> str:
        return f"{self.name}/quarantine/"

    @property
    def raw(self) -> str:
        return layout.raw_prefix(self.name)

    @property
    def ingested(self) -> str:
        return layout.ingested_prefix(self.name)

    @property
    def runs(self) -> str:
        return f"{self.name}/runs/"

    @property
    def drift_reports(self) -> str:
        return f"{self.name}/drift/"

    @property
    def artifacts(self) -> str:
        return layout.models_prefix(self.name)

    @property
    def checkpoints(self) -> str:
        return layout.checkpoints_prefix(self.name)

    @property
    def captures(self) -> str:
        return layout.captures_prefix(self.name)


def stack_name(environment: str, part: str) -> str:
    return f"perennial-{environment}-{part}"
