"""One model on an account of its own, as its scenario finds it."""

from dataclasses import dataclass
from datetime import date

from contracts.card import ModelCard
from demo import places, replay
from tests.system.loop.platform_under_test import LivePlatform

OURS = sorted(path.parent.name for path in places.WORKLOADS.glob(f"*/{replay.FILE}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One model's platform, and what was known on the day it starts."""

    platform: LivePlatform
    card: ModelCard
    start: date
