"""How figures of any size are written, and how far apart an axis' lines are."""

from collections.abc import Sequence
from math import floor, log10

_LINES = 6


def short(value: float | None, *, signed: bool = False) -> str:
    """Return the value with the digits that matter; a dash when there is none.

    >>> short(0.8271), short(70.308), short(1204.2), short(-0.0021, signed=True), short(None)
    ('0.827', '70.31', '1,204', '-0.002', '–')
    """
    if value is None:
        return "–"
    digits = 3 if abs(value) < 10 else 2 if abs(value) < 100 else 1 if abs(value) < 1000 else 0
    return f"{value:{'+' if signed else ''},.{digits}f}"


def step(values: Sequence[float]) -> float:
    """Return a round distance that puts about six lines over the range of ``values``.

    >>> step([0.62, 0.84]), step([70.0, 379.0])
    (0.05, 100.0)
    """
    span = max(values, default=1.0) - min(values, default=0.0)
    if span <= 0:
        return 1.0
    size = 10.0 ** floor(log10(span / _LINES))
    return next(size * times for times in (1, 2, 5, 10) if size * times * _LINES >= span)
