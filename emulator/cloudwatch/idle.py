"""A metric that is zero when nothing happens: the minutes without data count as zeros.

Kept as nothing at all: an idle year has 525,600 zeros, and an alarm looks at a quarter of an hour.
"""

import math
from collections.abc import Sequence

from emulator.cloudwatch.statistics import Datum

_MINUTE = 60.0


def with_zeros(
    recorded: Sequence[Datum], *, begin: float, since: float, until: float
) -> list[Datum]:
    """Return ``recorded`` and a zero for each full minute from ``begin`` on that has no datum."""
    taken = {_minute(datum.timestamp) for datum in recorded}
    minute = _first(max(begin, since))
    found = list(recorded)
    while minute + _MINUTE <= until:
        if minute not in taken:
            found.append(Datum(timestamp=minute, total=0.0, minimum=0.0, maximum=0.0))
        minute += _MINUTE
    return sorted(found, key=lambda datum: datum.timestamp)


def edges(recorded: Sequence[float], *, begin: float, since: float) -> list[float]:
    """Return the zeros at which something changes: the first and the last of each gap."""
    taken = sorted({_minute(moment) for moment in recorded})
    firsts = [minute + _MINUTE for minute in taken]
    if begin >= since:
        firsts.append(_first(begin))
    lasts = [minute - _MINUTE for minute in taken]
    return sorted(
        {zero for zero in (*firsts, *lasts) if zero not in taken and zero >= max(begin, since)}
    )


def _minute(moment: float) -> float:
    return math.floor(moment / _MINUTE) * _MINUTE


def _first(moment: float) -> float:
    return math.ceil(moment / _MINUTE) * _MINUTE
