"""One account with a data scientist's workbench, and the real purchases by month."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from demo import history
from emulator import client
from emulator.client import RunningAccount
from tests.system.integrations.workbench import AS_OF, Workbench

JANUARY = date(1997, 1, 1)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAccount]:
    with client.start(state=tmp_path_factory.mktemp("account"), clock=AS_OF) as running:
        yield running


@pytest.fixture(scope="session")
def workbench(account: RunningAccount) -> Workbench:
    return Workbench.made(account)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """Each file that was known by :data:`AS_OF`, with its dataset."""
    log = tmp_path_factory.mktemp("data") / "log"
    known = history.split(history.fetch(log), log)
    window = timedelta(days=60)
    return [
        *(("purchases", path) for path in known.purchases(since=JANUARY, before=AS_OF.date())),
        *(("labels", path) for path in known.labels(window=window, after=JANUARY, by=AS_OF.date())),
    ]
