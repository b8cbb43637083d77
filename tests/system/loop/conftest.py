"""One deployed platform with a first model, shared by the scenarios of the loop."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from demo import history, replay
from demo.history import History
from emulator import client
from emulator.client import RunningAccount
from perennial import deployed as stacks
from tests.system.loop import churn_folder, image_folder
from tests.system.loop.cdk_cli import ENVIRONMENT, WITHOUT_NETWORK, Cdk, can_unshare
from tests.system.loop.late_data import hold_back
from tests.system.loop.operator_inbox import Inbox
from tests.system.loop.platform_under_test import Platform

MAY = datetime(1997, 5, 1, tzinfo=UTC)
_LAST = "last"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever the order of the scenarios, the one that takes the platform down ends them."""
    items.sort(key=lambda item: item.get_closest_marker(_LAST) is not None)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform of the real templates on which version 1 was trained and promoted."""
    room = tmp_path_factory.mktemp("loop")
    models = room / "models"
    churn_folder.lay_out(models)
    cdk = Cdk(room=room, models=models)
    with ThreadPoolExecutor(2) as pool:
        synthesis = pool.submit(cdk.synthesize)
        data = pool.submit(_history, room / "data.log")
        with client.start(state=room / "account", clock=MAY) as account:
            cdk.bootstrap(account)
            synthesis.result()
            cdk.deploy(account)
            deployed = _deployed(account, cdk, data.result(), models)
            yield deployed


@pytest.fixture(scope="session")
def next_release(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """The next release of the same stacks, synthesized without a network where that can be done."""
    room = tmp_path_factory.mktemp("next")
    churn_folder.change(platform.models, room / "models")
    release = Cdk(room=room, models=room / "models")
    release.synthesize(within=WITHOUT_NETWORK if can_unshare() else ())
    return release


def _deployed(account: RunningAccount, cdk: Cdk, data: History, models: Path) -> Platform:
    found = stacks.find(
        account.client("cloudformation"), environment=ENVIRONMENT, model=churn_folder.MODEL
    )
    image_folder.push(account, found.repository, "good")
    inbox = Inbox.subscribed(
        sqs=account.client("sqs"), sns=account.client("sns"), topic_arn=found.topic_arn
    )
    platform, land = _with_late_data(account, cdk, data, models, inbox, found)
    with platform.no_new_data_rule():
        for dataset, name, content in land:
            platform.land(name, content, dataset=dataset)
    first = platform.run("the first model")
    assert first.output.get("outcome") == "promoted", f"{first}\n{platform.recently()}"
    return platform


def _with_late_data(
    account: RunningAccount,
    cdk: Cdk,
    data: History,
    models: Path,
    inbox: Inbox,
    found: stacks.Deployed,
) -> tuple[Platform, list[tuple[str, str, bytes]]]:
    """Return the platform, and what lands before its first run: all that was known by May."""
    *months, april = data.landing(["purchases"], after=date(1997, 1, 1), by=MAY.date())
    kept, late = hold_back(april.content)
    labels = data.landing(["labels"], after=date(1997, 1, 1), by=date(1997, 4, 30))
    land = [
        *((file.dataset, file.name, file.content) for file in months),
        ("purchases", april.name, kept),
        *((file.dataset, file.name, file.content) for file in labels),
    ]
    platform = Platform(
        account=account,
        cdk=cdk,
        deployed=found,
        history=data,
        late=late,
        models=models,
        inbox=inbox,
    )
    return platform, land


def _history(log: Path) -> History:
    return history.prepared(replay.load(churn_folder.MODEL), log)
