"""Accounts for the host's system tests: the real process, in a folder of the test's own."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator import client

MAY = datetime(1997, 5, 1, tzinfo=UTC)

Until = Callable[[Callable[[], bool]], bool]


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[client.RunningAccount]:
    """One account, at first in May 1997, shared by the tests that do not end it."""
    with client.start(state=tmp_path_factory.mktemp("account"), clock=MAY) as running:
        yield running


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "account"


@pytest.fixture
def until() -> Until:
    """Wait in real time for another process to get somewhere; the answer is whether it did."""

    def wait(condition: Callable[[], bool], seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            threading.Event().wait(0.02)
        return True

    return wait
