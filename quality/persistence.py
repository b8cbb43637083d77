"""How unlikely a run of windows is without a fall: CUSUM of residuals, and several in a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np

from quality.estimates import above

ALLOWANCE = 0.5
"""CUSUM's k: half the shift, in standard errors of a window, that is found soonest (E. Page,
Continuous inspection schemes, Biometrika 41 (1954))."""
_OVERSHOOT = 0.583
"""The mean by which a normal random walk steps over a bound (D. Siegmund, Sequential Analysis
(1985), section 10.2: -zeta(1/2) / sqrt(2 pi))."""


def cusum_chance(level: float) -> float:
    """Return how often the sum is at ``level`` or above, once it has run for long, without a fall.

    The sum ``S = max(0, S + z - k)`` of standard normal ``z`` has in the long run the distribution
    of the highest point of a random walk that sinks by ``k`` a step, whose tail is
    ``exp(-2 k (level + 0.583))`` (Siegmund, chapter 8): within 1 % of the exact one, by solving the
    chain on 1,200 states, from a level of 1 on. From its start at 0 on it is rarer.

    >>> round(cusum_chance(6.0), 5)  # exact: 0.00139
    0.00138
    """
    return 1.0 if level <= 0 else exp(-2 * ALLOWANCE * (level + _OVERSHOOT))


def cusum_level(chance: float) -> float:
    """Return the level that is reached so often.

    >>> round(cusum_level(0.001), 2)
    6.32
    """
    if not 0 < chance < 1:
        raise ValueError(f"chance must be between 0 and 1, got {chance}")
    return max(0.0, -log(chance) / (2 * ALLOWANCE) - _OVERSHOOT)


@dataclass(slots=True, kw_only=True)
class Cusum:
    """The sum for one level of alarm, in which no window counts for a whole alarm by itself.

    What one window adds is cut to less than the ``persistence - 1``-th part of the level, so that
    so many windows are needed; and the sum is cut to the level and one such step, so that a
    recovery is seen as soon. Both make it rarer, never more frequent, than ``cusum_chance`` says.
    """

    limit: float
    """The chance that is called a fall."""
    persistence: int
    loosest: float
    """The largest that ``limit`` may become (Holm's later steps): windows are counted for it."""
    sum: float = 0.0

    @property
    def level(self) -> float:
        return cusum_level(self.limit)

    @property
    def alarmed(self) -> bool:
        return self.sum >= self.level

    def add(self, residual: float) -> None:
        """Count a standard normal residual, above 0 for worse."""
        loosest = cusum_level(self.loosest)
        alone = self.persistence == 1
        step = self.level if alone else 0.999 * loosest / (self.persistence - 1)
        raised = self.sum + (residual - ALLOWANCE if alone else min(residual - ALLOWANCE, step))
        self.sum = min(max(0.0, raised), self.level + step)


def all_above(lowest: float, shared: Sequence[float]) -> float:
    """Return the chance that normal deviates which share an error are all above ``lowest``.

    ``shared`` has the share of each one's variance that is the common error's: that of the
    promise, which all windows are compared with. Given it, they are independent, so the chance is
    a one-dimensional integral (C. Dunnett, M. Sobel, Biometrika 42 (1955)), here by the
    trapezoidal rule from -9 to 9.

    >>> round(all_above(1.0, [0.0, 0.0]), 6) == round(above(1.0) ** 2, 6)
    True
    >>> round(all_above(0.0, [0.5, 0.5]), 4)  # 1/4 + asin(0.5) / (2 pi)
    0.3333
    """
    common = np.linspace(-9, 9, 721)
    weights = np.exp(-0.5 * common**2) / sqrt(2 * pi) * (common[1] - common[0])
    chance = np.ones(len(common))
    for share in shared:
        own = sqrt(max(1 - share, 1e-12))
        deviates = (lowest - sqrt(share) * common) / own
        chance *= np.array([above(float(each)) for each in deviates])
    return float((weights * chance).sum())
