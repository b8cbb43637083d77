"""Which errors a Retry or Catch matches, and how long a retrier waits.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

_TERMINAL = ("States.DataLimitExceeded", "States.Runtime")
_random = random.SystemRandom()


def matches(names: Sequence[str], error: str) -> bool:
    """Say whether ``ErrorEquals`` matches.

    States.TaskFailed matches any error but a time-out; States.ALL any but DataLimitExceeded and
    Runtime.
    """
    if error in names:
        return True
    if "States.ALL" in names:
        return error not in _TERMINAL
    return "States.TaskFailed" in names and error not in ("States.Timeout", *_TERMINAL)


def delay(retrier: Mapping[str, Any], attempt: int) -> float:
    """Return the seconds to wait before retry number ``attempt`` (the first is 0).

    IntervalSeconds x BackoffRate^attempt, capped by MaxDelaySeconds; JitterStrategy FULL draws
    between 0 and that.
    """
    seconds = float(retrier.get("IntervalSeconds", 1)) * (
        float(retrier.get("BackoffRate", 2.0)) ** attempt
    )
    longest = retrier.get("MaxDelaySeconds")
    if longest is not None:
        seconds = min(seconds, float(longest))
    return _random.uniform(0, seconds) if retrier.get("JitterStrategy") == "FULL" else seconds
