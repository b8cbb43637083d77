"""One account with a data scientist's workbench, and the real purchases by month."""

from collections.abc import Iterator
from datetime import date

import pytest

from demo import history, replay
from demo.history import Delivery
from emulator import client
from emulator.client import RunningAccount
from tests.system.integrations.workbench import AS_OF, MODEL, Workbench

JANUARY = date(1997, 1, 1)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAccount]:
    with client.start(state=tmp_path_factory.mktemp("account"), clock=AS_OF) as running:
        yield running


@pytest.fixture(scope="session")
def workbench(account: RunningAccount) -> Workbench:
    return Workbench.made(account)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Delivery]:
    """Each file that was known by :data:`AS_OF`."""
    log = tmp_path_factory.mktemp("data") / "log"
    known = history.prepared(replay.load(MODEL), log)
    return known.landing(["purchases", "labels"], after=JANUARY, by=AS_OF.date())
