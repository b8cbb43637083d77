"""How sure a figure is: standard errors between groups of units, and intervals made of them."""

from dataclasses import dataclass
from math import copysign, erfc, exp, expm1, inf, log, log1p, sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
_NORMAL = NormalDist()
MIN_UNITS = 20
"""Fewer say too little of how units differ: an interval from them would be a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure and its standard error."""

    metric: str
    value: float
    error: float
    rows: int
    weight: float
    """What the error's square is in inverse proportion to: rows, or of ``auc`` the harmonic sum
    ``1 / (1 / positives + 1 / negatives)``."""
    units: int
    """Groups that differ, less one: the degrees of freedom."""

    def interval(self, confidence: float, *, bounded: bool) -> tuple[float, float]:
        """Return a two-sided interval that stays where the metric can be.

        On the scale of the logit for figures between 0 and 1 (``bounded``), of the logarithm for
        others (none of ours is below 0): there the estimate is nearer to normal, and no bound
        is beyond what is possible. At 0 and 1 themselves, where groups do not differ at all,
        the bound is where so many units without an exception are just too unlikely (Clopper and
        Pearson, 1934).
        """
        if self.error == 0:
            return self._certain(confidence, bounded=bounded)
        reach = t_quantile((1 + confidence) / 2, self.units) * self.error
        value = self.value
        if bounded and 0 < value < 1:
            middle, wide = log(value / (1 - value)), reach / (value * (1 - value))
            return _expit(middle - wide), _expit(middle + wide)
        if not bounded and value > 0:
            return value * exp(-reach / value), value * exp(min(reach / value, 700.0))
        return max(0.0, value - reach), value + reach

    def _certain(self, confidence: float, *, bounded: bool) -> tuple[float, float]:
        if bounded and self.value in (0.0, 1.0):
            far = ((1 - confidence) / 2) ** (1 / (self.units + 1))
            return (far, 1.0) if self.value else (0.0, 1 - far)
        return self.value, self.value


def error_of(influences: Floats, present: NDArray[np.bool_]) -> tuple[float, int]:
    """Return standard error and degrees of freedom from what each group adds to a figure.

    ``influences`` add up to 0; the sum of their squares, times ``g / (g - 1)``, estimates the
    figure's variance when groups are drawn anew (linearization: C. Särndal, B. Swensson,
    J. Wretman, Model Assisted Survey Sampling (1992), section 5.5). Rows of one unit may be as
    alike as they want.
    """
    groups = int(present.sum())
    if groups < 2:
        return inf, 0
    spread = float((influences[present] ** 2).sum()) * groups / (groups - 1)
    return sqrt(spread), groups - 1


def normal_of_t(t: float, freedom: int) -> float:
    """Return the normal deviate that is as unlikely as ``t`` of a Student distribution.

    D. Wallace, Bounds on normal approximations to Student's and the chi-square distributions,
    Annals of Mathematical Statistics 30 (1959): within 0.01 for 10 degrees of freedom and |t| < 5.

    >>> round(normal_of_t(2.228, 10), 2)  # two-sided 5 %
    1.96
    """
    if freedom < 1:
        return 0.0
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    return copysign(scale * sqrt(freedom * log1p(t * t / freedom)), t)


def t_quantile(share: float, freedom: int) -> float:
    """Return what a Student variable is below with probability ``share`` (Wallace, turned round).

    >>> round(t_quantile(0.975, 20), 2), round(t_quantile(0.975, 511), 2)
    (2.09, 1.96)
    """
    if freedom < 1:
        return inf
    z = _NORMAL.inv_cdf(share)
    scaled = z * (8 * freedom + 3) / (8 * freedom + 1)
    return copysign(sqrt(freedom * expm1(scaled * scaled / freedom)), z)


def above(z: float) -> float:
    """Return the probability that a standard normal variable is above ``z``, also far out.

    >>> f"{above(10):.2e}"
    '7.62e-24'
    """
    return 0.5 * erfc(z / sqrt(2))


def _expit(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0
