"""A deployed platform without a model yet, whose faults disturb no other scenario."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from demo import history, replay
from demo.history import History
from emulator import client
from perennial import deployed as stacks
from tests.system.faults.walk import Walk
from tests.system.loop import churn_folder, image_folder
from tests.system.loop.cdk_cli import ENVIRONMENT, Cdk
from tests.system.loop.operator_inbox import Inbox
from tests.system.loop.platform_under_test import LivePlatform

_MAY = datetime(1997, 5, 1, tzinfo=UTC)
FIRST, SECOND = "ml.m5.large", "ml.m5.xlarge"
"""The instance types that the model's training asks for, in this order."""
_SETTINGS = (
    ("training", f'fallback_instance_types = ["{SECOND}"]'),
    ("rollout", "bake_seconds = 0"),
    ("rollout", "min_invocations = 1"),
)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    room = tmp_path_factory.mktemp("faults")
    models = room / "models"
    churn_folder.lay_out(models)
    _adjust(models / churn_folder.MODEL / "card.toml")
    cdk = Cdk(room=room, models=models)
    with ThreadPoolExecutor(2) as pool:
        synthesis = pool.submit(cdk.synthesize)
        data = pool.submit(history.prepared, replay.load(churn_folder.MODEL), room / "data.log")
        with client.start(state=room / "account", clock=_MAY) as account:
            cdk.bootstrap(account)
            synthesis.result()
            cdk.deploy(account)
            found = stacks.find(
                account.client("cloudformation"), environment=ENVIRONMENT, model=churn_folder.MODEL
            )
            image_folder.push(account, found.repository, "good")
            inbox = Inbox.subscribed(
                sqs=account.client("sqs"), sns=account.client("sns"), topic_arn=found.topic_arn
            )
            platform = LivePlatform(
                account=account,
                deployed=found,
                history=data.result(),
                cdk=cdk,
                models=models,
                inbox=inbox,
            )
            _land(platform, platform.history)
            yield platform


@pytest.fixture
def walk(platform: LivePlatform) -> Iterator[Walk]:
    yield Walk(platform=platform)
    platform.account.clear_faults()
    for instance_type in (FIRST, SECOND):
        platform.account.limit_instances(instance_type)


def _adjust(card: Path) -> None:
    text = card.read_text(encoding="utf-8")
    for section, setting in _SETTINGS:
        text = churn_folder.put(text, section, setting)
    card.write_text(text, encoding="utf-8")


def _land(platform: LivePlatform, data: History) -> None:
    """Two months of purchases with their labels: little to copy, and enough to judge."""
    with platform.no_new_data_rule():
        for dataset in ("purchases", "labels"):
            for file in data.landing([dataset], after=date(1997, 1, 1), by=_MAY.date()):
                platform.land(file.name, file.content, dataset=dataset)
