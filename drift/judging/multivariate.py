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
_SAMPLE, _PAIRED = 5_000, 400
_HELD = 0.65
"""Of the variance, by the components: NannyML's default."""


@dataclass(frozen=True, kw_only=True)
class FourierMap:
    """Made once from training's rows by :func:`fourier_map`, kept with the baseline."""

    knots: Floats
    """Quantiles of each feature, one line per feature: values become normal scores by rank."""
    weights: Floats
    phases: Floats
    components: Floats
    """The principal components that hold most of the normal scores' variance."""

    @cached_property
    def _places(self) -> list[tuple[Floats, Floats]]:
        return [_placed(knots) for knots in self.knots]

    def features(self, rows: Floats) -> NDArray[np.float32]:
        """Return the random features of each row; a missing value lies in the middle."""
        angles = self.scores(rows).astype(np.float32) @ self.weights.astype(np.float32)
        found = np.cos(angles + self.phases.astype(np.float32))
        return found * np.sqrt(2 / len(self.phases), dtype=np.float32)

    def residuals(self, rows: Floats) -> Floats:
        """Return how far each row is from the principal components: a column to bin like others.

        One number for how features hang together, as NannyML's reconstruction error is; a fall or
        rise of all correlations shows in it sooner than in many random features.
        """
        scores = self.scores(rows)
        rest = scores - scores @ self.components @ self.components.T
        return np.sqrt((rest**2).sum(axis=1))

    def scores(self, rows: Floats) -> Floats:
        """Return the normal scores of each row's values among training's."""
        rows = np.asarray(rows, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.knots):
            raise ValueError(f"rows must have {len(self.knots)} values each, got {rows.shape}")
        return np.stack(
            [_scores(rows[:, at], *places) for at, places in enumerate(self._places)], axis=1
        )

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
    few = scores[:_PAIRED]
    apart = np.sqrt(((few[:, None] - few[None]) ** 2).sum(axis=-1))
    apart = apart[apart > 0]
    width = float(np.median(apart)) if len(apart) else 1.0
    weights = generator.standard_normal((len(knots), dimensions)) / width
    return FourierMap(
        knots=knots,
        weights=weights,
        phases=generator.uniform(0, 2 * np.pi, dimensions),
        components=_components(scores),
    )


def _components(scores: Floats) -> Floats:
    values, vectors = np.linalg.eigh(scores.T @ scores)
    order = np.argsort(-values)
    held = np.cumsum(values[order]) / max(float(values.sum()), 1e-300)
    return vectors[:, order[: int(np.searchsorted(held, _HELD)) + 1]].astype(np.float64)


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
