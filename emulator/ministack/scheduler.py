"""What an EventBridge Scheduler target receives, as AWS documents it."""

from datetime import datetime
from collections.abc import Mapping
from typing import Any

from emulator.ports import Account

SEAMS = ("ministack.services.scheduler:_tick_schedules",)


def install(account: Account) -> None:
    raise NotImplementedError
