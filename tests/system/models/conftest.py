"""Each model of the project, and one that was just added, alone on an account of its own."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from contracts import card as cards
from demo import history, image, places, replay
from demo.history import History
from emulator import client
from perennial import deployed as stacks
from tests.system.loop.cdk_cli import ENVIRONMENT, Cdk
from tests.system.loop.operator_inbox import Inbox
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.models import a_fourth_model
from tests.system.models.stage import OURS, Stage


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """All stacks, synthesized once from a folder of models that somebody else could have."""
    room = tmp_path_factory.mktemp("models")
    models = room / "models"
    for name in OURS:
        shutil.copytree(
            places.WORKLOADS / name,
            models / name,
            ignore=shutil.ignore_patterns("__pycache__", "samples"),
        )
    a_fourth_model.lay_out(models)
    cdk = Cdk(room=room, models=models)
    cdk.synthesize()
    return cdk


@pytest.fixture
def stage(request: pytest.FixtureRequest, assembly: Cdk, tmp_path: Path) -> Iterator[Stage]:
    """Deploy the model that the test is about, with the stacks it stands on and no other."""
    name: str = request.param
    folder = assembly.models / name
    card = cards.load(folder / "card.toml")
    start, data = _data(name, tmp_path)
    clock = datetime.combine(start, time(), UTC)
    with client.start(state=tmp_path / "account", clock=clock) as account:
        assembly.bootstrap(account)
        assembly.deploy(account, f"perennial-{ENVIRONMENT}-{card.name}")
        found = stacks.find(
            account.client("cloudformation"), environment=ENVIRONMENT, model=card.name
        )
        image.push(account, found.repository, card.image)
        platform = LivePlatform(
            account=account,
            deployed=found,
            history=data,
            cdk=assembly,
            models=assembly.models,
            inbox=Inbox.subscribed(
                sqs=account.client("sqs"), sns=account.client("sns"), topic_arn=found.topic_arn
            ),
        )
        yield Stage(platform=platform, card=card, start=start)


def _data(name: str, room: Path) -> tuple[date, History]:
    if name not in OURS:
        return a_fourth_model.START, a_fourth_model.history(room / "data")
    played = replay.load(name)
    return played.start.date(), history.prepared(played, room / "data.log")
