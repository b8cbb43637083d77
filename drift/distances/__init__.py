"""How far apart two samples are that were counted in the same bins; the standard library alone."""

from drift.distances.divergences import psi

__all__ = ["psi"]
