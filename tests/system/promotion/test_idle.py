"""A development endpoint that nobody asks is removed, and comes back when somebody asks for it."""

from collections.abc import Iterator

import pytest

from contracts.ledger import LedgerKind
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion.stage import SETTINGS, serving

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

HOUR = 3600.0


@pytest.fixture(scope="module")
def sleepy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlatform]:
    """A platform of its own: hours pass on it, which other scenarios must not see."""
    room = tmp_path_factory.mktemp("sleepy")
    with serving(room, [*SETTINGS, ("serving", "idle_hours = 6")]) as platform:
        yield platform


def exists(platform: LivePlatform) -> bool:
    name = platform.deployed.endpoint
    return bool(platform.client("sagemaker").list_endpoints(NameContains=name)["Endpoints"])


def test_an_endpoint_sleeps_when_nobody_asks_and_is_woken_as_it_was(sleepy: LivePlatform) -> None:
    champion, rows = sleepy.champion(), sleepy.request_rows(3)
    told = len(sleepy.inbox.all())
    for _ in range(8):
        sleepy.ask_model(rows)
        sleepy.account.advance(HOUR)
    assert exists(sleepy)

    sleepy.pass_until(lambda: not exists(sleepy), "the idle endpoint is removed", step=HOUR)

    [line] = sleepy.ledger(LedgerKind.ENDPOINT_REMOVED)
    assert line.summary == (
        f"{sleepy.deployed.endpoint} is removed: no request within the last 6 hours; "
        "it comes back with `perennial wake` or the next promotion"
    )
    sleepy.account.advance(8 * 24 * HOUR)  # the reconciler looks by itself once a week
    assert sleepy.ledger(LedgerKind.MISMATCHED) == []
    assert sleepy.champion() == champion

    sleepy.command_line("wake", "--reason", "work goes on")
    sleepy.come_to_rest()

    assert sleepy.champion().deployment == champion.deployment
    assert sleepy.ask_model(rows) == champion.version
    assert sleepy.ledger(LedgerKind.MISMATCHED) == []
    assert [notice.text for notice in sleepy.inbox.all()[told:] if "Alarm" in notice.text] == []
