"""Versions change under load: no request fails, each says who answered, each is captured once."""

import pytest

from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import captures, changes
from tests.system.promotion.candidates import Registrar
from tests.system.promotion.changes import Changing
from tests.system.promotion.live import live_callers

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def test_promotions_and_rollbacks_under_load_fail_no_request_and_lose_no_capture(
    platform: LivePlatform, registrar: Registrar
):
    first = changes.at_first(platform)

    with live_callers(platform, clients=16) as asking:
        changing = Changing(platform=platform, registrar=registrar, asking=asking)
        promoted = [changing.promote(), changing.roll_back(first.number), changing.promote()]
        back = changing.roll_back(first.number)

    print("\n".join(str(change) for change in changing.made))
    assert asking.failed == []
    assert set(asking.versions) == {each.version for each in promoted}
    assert changing.mixed == []
    unnamed = [each for each in asking.answers if each.header != f"model_version={each.version}"]
    assert unnamed == []
    assert captures.compared(platform, asking.answers).complete
    platform.assert_at_rest_on(back)
