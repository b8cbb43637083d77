"""Bins in single precision: which cuts allow them, and what they mean for whole values."""

import numpy as np
from numpy.typing import NDArray

from drift.sketches.features import MOST_SINGLE

_MOST_MOVED = 1e-3
"""Share of the rows that rounding may move to the next bin: less than quantiles' own chance."""


def rounded_cuts(cuts: tuple[float, ...], values: NDArray[np.float64]) -> tuple[float, ...] | None:
    """Round cuts to single precision; None where that would join or visibly move bins.

    A constant's two cuts and the numbers of large identifiers lie closer together than single
    precision tells apart.
    """
    exact = np.array(cuts, np.float64)
    single = to_single(exact)
    known = values[~np.isnan(values)]
    if (abs(single) > MOST_SINGLE).any() or len(np.unique(single)) < len(cuts):
        return None
    rounded = np.sort(to_single(known))
    before = np.searchsorted(np.sort(known), exact, "left")
    after = np.searchsorted(rounded, single, "left")
    if (abs(before - after) > _MOST_MOVED * len(known)).any():
        return None
    return tuple(single.astype(np.float64).tolist())


def least_reaching(cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least number that rounds to each cut or above: half way from the one before.

    >>> import numpy as np
    >>> least = least_reaching(np.array([5.0]))
    >>> float(np.float32(least[0])), float(np.float32(np.nextafter(least[0], 0.0))) < 5.0
    (5.0, True)
    """
    # Cuts beyond single precision are asked about as well, and their answer is not used.
    with np.errstate(over="ignore"):
        before = np.nextafter(to_single(cuts), np.float32(-np.inf)).astype(np.float64)
    half = before / 2 + cuts / 2
    reaches = to_single(half) >= to_single(cuts)
    return np.where(reaches, half, np.nextafter(half, np.inf))


def to_single(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to nearest; what single precision cannot hold is infinite."""
    with np.errstate(over="ignore", under="ignore"):
        return values.astype(np.float32)
