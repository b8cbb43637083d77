"""Turn rows into features whose mean tells whole distributions apart: random Fourier features.

The distance between mean features of two samples approximates the maximum mean discrepancy with a
Gaussian kernel (A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 2007;
A. Gretton et al., "A kernel two-sample test", JMLR 13, 2012) at a cost linear in rows, and sums of
features merge like counts. Rotations of features that keep each feature's distribution are seen.
"""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from drift.judging.cells import Floats

DIMENSIONS = 128
_KNOTS = 65
_SAMPLE = 400


@dataclass(frozen=True, kw_only=True)
class FourierMap:
    """Made once from training's rows by :func:`fourier_map`, kept with the baseline."""

    knots: Floats
    """Quantiles of each feature, one line per feature: values become normal scores by rank."""
    weights: Floats
    phases: Floats

    @cached_property
    def _places(self) -> list[tuple[Floats, Floats]]:
        return [_placed(knots) for knots in self.knots]

    def features(self, rows: Floats) -> NDArray[np.float32]:
        """Return the random features of each row; a missing value lies in the middle."""
        rows = np.asarray(rows, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.knots):
            raise ValueError(f"rows must have {len(self.knots)} values each, got {rows.shape}")
        scores = np.stack(
            [_scores(rows[:, at], *places) for at, places in enumerate(self._places)], axis=1
        )
        angles = scores.astype(np.float32) @ self.weights.astype(np.float32)
        found = np.cos(angles + self.phases.astype(np.float32))
        return found * np.sqrt(2 / len(self.phases), dtype=np.float32)

    def sums(self, rows: Floats) -> Floats:
        """Return the summed features, to stand behind the counts of a window."""
        return self.features(rows).sum(axis=0, dtype=np.float64)


def fourier_map(rows: Floats, *, dimensions: int = DIMENSIONS, seed: int = 0) -> FourierMap:
    """Choose the features: the kernel is as wide as rows typically lie apart (median heuristic)."""
    generator = np.random.default_rng(seed)
    rows = np.asarray(rows, dtype=np.float64)
    knots = np.stack([_knots(column) for column in rows.T])
    sample = rows[generator.integers(len(rows), size=min(_SAMPLE, len(rows)))]
    scores = np.stack(
        [_scores(sample[:, at], *_placed(one)) for at, one in enumerate(knots)], axis=1
    )
    apart = np.sqrt(((scores[:, None] - scores[None]) ** 2).sum(axis=-1))
    apart = apart[apart > 0]
    width = float(np.median(apart)) if len(apart) else 1.0
    weights = generator.standard_normal((len(knots), dimensions)) / width
    return FourierMap(
        knots=knots, weights=weights, phases=generator.uniform(0, 2 * np.pi, dimensions)
    )


def _knots(column: Floats) -> Floats:
    finite = column[np.isfinite(column)]
    if not len(finite):
        return np.zeros(_KNOTS)
    return np.quantile(finite, np.linspace(0, 1, _KNOTS))


_LEVELS = np.array([NormalDist().inv_cdf((at + 0.5) / _KNOTS) for at in range(_KNOTS)])


def _placed(knots: Floats) -> tuple[Floats, Floats]:
    """Return each value once with its normal score; a value of many rows has their mean."""
    places, where = np.unique(knots, return_inverse=True)
    return places, np.bincount(where, weights=_LEVELS) / np.bincount(where)


def _scores(values: Floats, places: Floats, levels: Floats) -> Floats:
    if len(places) == 1:
        return np.sign(np.nan_to_num(values - places[0]))
    scores = np.interp(np.clip(values, -1e300, 1e300), places, levels)
    return np.where(np.isnan(values), 0.0, scores)
