"""One account with a champion that serves, for every candidate that must not replace it."""

from collections.abc import Iterator

import pytest

from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion.candidates import Registrar
from tests.system.promotion.stage import serving


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    with serving(tmp_path_factory.mktemp("promotion")) as platform:
        yield platform


@pytest.fixture(scope="session")
def registrar(platform: LivePlatform) -> Registrar:
    return Registrar(platform=platform, like=platform.champion().model_package_arn)
