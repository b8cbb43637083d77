"""All stacks of one environment: what is kept, who is told, and one stack for each model."""

from collections.abc import Iterable
from pathlib import Path

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from contracts import card as cards
from infra.bundles import ROOT
from infra.components.model import Model, stack_name
from infra.components.stores import Stores
from infra.components.tracking import TrackingServer
from infra.settings import Settings, SettingsError, Tracking
from infra.stacks.operations import OperationsStack
from infra.stacks.storage import StorageStack
from infra.stacks.tracking import TrackingStack
from infra.stacks.workload import WorkloadStack


def model_folders(root: str | None = None, *, only: str | None = None) -> list[Path]:
    """Every folder with a model card; adding a model is adding a folder.

    Models lie below ``root``, a path from the project's folder on; ours are the default. With
    ``only``, the others are left out: no model's stack depends on another's.
    """
    models = ROOT / (root or "ml/workloads")
    if not models.is_dir():
        raise SettingsError(f"models must be a folder with one folder for each model, got {models}")
    found = sorted(path.parent for path in models.glob("*/card.toml"))
    if only is None:
        return found
    names = [folder.name for folder in found]
    if only not in names:
        raise SettingsError(f"model must be one of {', '.join(names)}, got {only!r}")
    return [models / only]


def build(app: App, settings: Settings, folders: Iterable[Path]) -> None:
    """Add the environment's stacks to ``app``; a policy violation then fails the synthesis."""
    name = settings.name
    storage = StorageStack(app, stack_name(name, "storage"), settings=settings)
    operations = OperationsStack(
        app, stack_name(name, "operations"), settings=settings, stores=storage.stores
    )
    tracking = _tracking(app, settings, storage.stores)
    for folder in folders:
        model = Model(
            folder=folder,
            card=cards.load(folder / "card.toml"),
            settings=settings,
            stores=storage.stores,
            topic=operations.topic,
            tracking=tracking,
        )
        WorkloadStack(app, stack_name(name, model.name), model=model)
    Tags.of(app).add("perennial:environment", name)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def _tracking(app: App, settings: Settings, stores: Stores) -> TrackingServer | None:
    if settings.tracking_uri is not None:
        return TrackingServer(uri=settings.tracking_uri, arn=None)
    if settings.tracking is Tracking.OFF:
        return None
    name = stack_name(settings.name, "tracking")
    return TrackingStack(app, name, settings=settings, stores=stores).server
