"""A metric that AWS samples every minute, kept as its changes.

A month in which nothing changed holds 43,200 equal samples; an alarm is evaluated only where a
change moves into another period, and then sees the samples that AWS would have taken.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

from emulator.cloudwatch.statistics import Datum

_MINUTE = 60


class Gauge:
    """A level over time."""

    def __init__(self) -> None:
        self._changes: list[tuple[float, float]] = []

    def read(self, moment: float, value: float) -> None:
        """Take note of the level at ``moment``; moments come in order."""
        if not self._changes or self._changes[-1][1] != value:
            self._changes.append((moment, value))

    def moments(self, since: float) -> list[float]:
        """Return the samples that matter: the last before each change, and the first after."""
        firsts = [math.ceil(moment / _MINUTE) * _MINUTE for moment, _ in self._changes]
        around = [moment for first in firsts for moment in (first - _MINUTE, first)]
        return [float(moment) for moment in around if moment >= since]

    def samples(self, since: float, until: float) -> Sequence[Datum]:
        """Return the level of each full minute from ``since`` to ``until``, where there is one."""
        if not self._changes:
            return []
        minute = math.ceil(max(since, self._changes[0][0]) / _MINUTE) * _MINUTE
        times = [moment for moment, _ in self._changes]
        found: list[Datum] = []
        while minute <= until:
            value = self._changes[bisect_right(times, minute) - 1][1]
            found.append(Datum(timestamp=minute, total=value, minimum=value, maximum=value))
            minute += _MINUTE
        return found
