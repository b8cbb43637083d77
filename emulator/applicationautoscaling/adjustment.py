"""How many instances a target tracking policy wants: metric over target, with its cool-downs.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
"""

import math
from collections.abc import Sequence


def scaled_out(*, current: int, added: int, values: Sequence[float], target: float) -> int:
    """Return the capacity that brings the metric down to ``target``, never less than ``current``.

    ``added`` are the instances of a scaling out whose cool-down is not over: they count as if they
    were not there yet, since "the capacity that has been added by the previous scale-out event is
    calculated as part of the desired capacity for the next scale out".
    """
    if not values:
        return current
    return max(current, _proportional(current - added, max(values), target))


def scaled_in(*, current: int, values: Sequence[float], target: float) -> int:
    """Return the capacity after one careful step in, never more than ``current``.

    One instance at a time, and only where the metric stays at or below ``target`` then.
    """
    if not values:
        return current
    return min(current, max(current - 1, _proportional(current, max(values), target)))


def _proportional(count: int, value: float, target: float) -> int:
    # A metric of three times 0.1 over a target of 0.3 asks for one instance, not for two.
    return math.ceil(round(count * value / target, 9))
