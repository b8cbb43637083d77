"""Minus log tail probabilities of whole arrays: the common scale of tests of different kinds."""

from functools import lru_cache

import numpy as np

from drift.judging.cells import Floats
from drift.thresholds import binomial_surprise, chi2_surprise

_POINTS = 400
_FURTHEST = 400.0
"""Grids end at this many standard deviations beyond the mean; the rest is a straight line."""


def chi2_surprises(x: Floats, freedom: float) -> Floats:
    """Return ``-log P(chi2 > x)`` by interpolation, exact to 0.01.

    >>> chi2_surprises(np.array([0.0, 3.841459]), 1.0).round(2)
    array([0., 3.])
    """
    grid, values = _grid(round(freedom, 2))
    inside = np.interp(np.sqrt(np.maximum(x, 0.0)), grid, values)
    return inside + np.maximum(x - grid[-1] ** 2, 0.0) / 2


@lru_cache(maxsize=512)
def _grid(freedom: float) -> tuple[Floats, Floats]:
    """The square root of x against the surprise is almost a parabola: smooth to interpolate."""
    end = np.sqrt(freedom + _FURTHEST * np.sqrt(2 * freedom))
    grid = end * np.linspace(0, 1, _POINTS) ** 1.5
    return grid, np.array([chi2_surprise(float(x * x), freedom) for x in grid])


def binomial_surprises(hits: Floats, of: Floats, chance: float) -> Floats:
    """Return ``-log P(Bin(of, chance) >= hits)`` for whole numbers, each pair worked out once."""
    pairs = np.stack([np.rint(hits), np.rint(np.maximum(of, hits))], axis=-1).astype(np.int64)
    unique, where = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
    worked = np.array([binomial_surprise(int(k), int(n), chance) for k, n in unique])
    return worked[where].reshape(hits.shape)
