"""Sums of squares with a scaled chi-squared as their null: what every wide test is made of."""

from dataclasses import dataclass

import numpy as np

from drift.judging.cells import Floats


@dataclass(frozen=True, slots=True)
class Quadratic:
    feature: int
    scale: float
    freedom: float


@dataclass(frozen=True, slots=True)
class Joint:
    """A test of several features together: the squared length along directions."""

    directions: Floats
    quadratic: Quadratic


def matched(feature: int, weights: Floats) -> Quadratic:
    """Match mean and variance of a weighted sum of chi-squared variables (Satterthwaite).

    >>> matched(0, np.ones(9))
    Quadratic(feature=0, scale=1.0, freedom=9.0)
    """
    first, second = float(weights.sum()), float((weights**2).sum())
    return Quadratic(feature=feature, scale=second / first, freedom=max(0.5, first**2 / second))


def joint(feature: int, basis: Floats, covariance: Floats, *, ridge: float) -> Joint | None:
    """Square what varies along a basis, in units of how much it does by chance.

    ``ridge``, of the mean eigenvalue, damps directions that hardly vary. None where nothing varies.
    """
    values, vectors = np.linalg.eigh(basis.T @ covariance @ basis)
    if not len(values) or values.max() <= 0:
        return None
    values = np.maximum(values, 0.0)
    total = values + ridge * values.mean()
    return Joint(basis @ vectors / np.sqrt(total), matched(feature, values / total))
