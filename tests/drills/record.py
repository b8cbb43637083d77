"""How long each drill's alarm took to ring, and its runbook to end it, in the account's time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.drills.registry import DRILLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    alarm: str
    began: datetime
    detected: datetime
    recovered: datetime

    @property
    def to_detect(self) -> timedelta:
        return self.detected - self.began

    @property
    def to_recover(self) -> timedelta:
        return self.recovered - self.detected


@dataclass(slots=True)
class Record:
    drilled: dict[str, Drilled] = field(default_factory=dict[str, Drilled])

    def add(self, one: Drilled) -> None:
        assert one.alarm in DRILLS, f"no drill of {one.alarm} is registered"
        assert one.began <= one.detected <= one.recovered, one
        self.drilled[one.alarm] = one

    def lines(self) -> Iterator[str]:
        yield f"{'alarm':32}{'time to detect':>16}{'time to recover':>17}"
        for name, one in sorted(self.drilled.items()):
            yield f"{name:32}{_shown(one.to_detect):>16}{_shown(one.to_recover):>17}"
        yield f"{len(self.drilled)} of {len(DRILLS)} alarms were drilled; account's time"


def _shown(took: timedelta) -> str:
    minutes, seconds = divmod(round(took.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"
