"""One account with a champion that serves, on which every drill is held."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.duty import Duty
from tests.drills.fragile import Fragile
from tests.drills.record import Record
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion.candidates import Registrar
from tests.system.promotion.stage import SETTINGS, serving

_RECORD = Record()
_PATIENT = (*SETTINGS, ("training", "max_runtime_seconds = 300"))
"""A busy machine may take its time for the first model: no drill is about that."""


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    with serving(tmp_path_factory.mktemp("drills"), _PATIENT) as platform:
        yield platform


@pytest.fixture(scope="session")
def registrar(platform: LivePlatform) -> Registrar:
    return Registrar(platform=platform, like=platform.champion().model_package_arn)


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fragile")


@pytest.fixture
def duty(platform: LivePlatform) -> Iterator[Duty]:
    yield Duty(platform=platform, record=_RECORD)
    platform.account.clear_faults()


@pytest.fixture(scope="session")
def fragile(platform: LivePlatform, registrar: Registrar, room: Path) -> Fragile:
    duty = Duty(platform=platform, record=_RECORD)
    return Fragile(duty=duty, registrar=registrar, room=room)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _RECORD.drilled:
        terminalreporter.section("drills")
        for line in _RECORD.lines():
            terminalreporter.write_line(line)
