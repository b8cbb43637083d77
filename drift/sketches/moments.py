"""Count, mean and spread of numbers, merged without losing digits."""

import sys
from dataclasses import dataclass
from math import inf, isfinite

LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Of ``count`` finite values: their mean, and the sum of squared differences from it.

    A sum of squares beyond the largest float is that float: large, not infinite.
    """

    count: int
    mean: float
    m2: float

    @property
    def variance(self) -> float:
        """Population variance; 0 without values."""
        return self.m2 / self.count if self.count else 0.0

    def merge(self, other: "Moments") -> "Moments":
        """Moments of both samples together.

        Source: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for
        computing sample variances", COMPSTAT 1982.

        >>> Moments(count=1, mean=1.0, m2=0.0).merge(Moments(count=1, mean=3.0, m2=0.0))
        Moments(count=2, mean=2.0, m2=2.0)
        """
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        share = other.count / count
        apart = other.mean - self.mean
        if isfinite(apart):
            mean = self.mean + apart * share
        else:
            mean = self.mean * (1 - share) + other.mean * share
        between = squared(apart) * (self.count * share)
        return Moments(count=count, mean=mean, m2=min(self.m2 + other.m2 + between, LARGEST))


NOTHING = Moments(count=0, mean=0.0, m2=0.0)


def squared(value: float) -> float:
    """Return ``value * value``; infinite, rather than an error, beyond what a float holds."""
    return value * value if abs(value) < 1e154 else inf
