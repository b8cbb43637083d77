"""Clients of the platform's endpoint who ask while its account's time passes."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion.callers import Callers, callers

ROWS = 5
"""Of one request; promotion's own probes have one."""


def live_callers(
    platform: LivePlatform, *, clients: int = 4, per_step: int = 60
) -> AbstractContextManager[Callers]:
    """Keep asking for many different rows; time passes no faster than the clients ask.

    They come in no order: customers who joined on the same day are alike, and a canary that
    answers those only would answer otherwise than the champion.
    """
    rows = platform.request_rows(4000).splitlines(keepends=True)
    random.Random(1).shuffle(rows)

    def between_steps(keep_up: Callable[[], object]) -> None:
        platform.between_steps = keep_up

    return callers(
        platform.account,
        platform.deployed.endpoint,
        [b"".join(rows[start : start + ROWS]) for start in range(0, len(rows), ROWS)],
        clients=clients,
        processes=max(1, clients // 8),
        pause=0.02 * clients / 4,
        per_step=per_step,
        meanwhile=between_steps,
    )
