"""How large the largest surprise of a window gets without drift: thresholds for all tests together.

The tests of one window depend on each other (features are correlated, a feature has several
tests), so their joint null is drawn, not bounded: the largest surprise of all tests is compared
with its own distribution (P. Westfall, S. Young, Resampling-Based Multiple Testing, 1993, minP).
Small windows are drawn from training's blocks, large ones from the normal limit of their sums.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drift.judging.cells import Floats
from drift.judging.reference import Reference
from drift.judging.statistics import Compared, Statistics

DRAWS = 20_000
FEW_BLOCKS = 400
"""Windows of fewer blocks are drawn block by block: sums of so few are not normal yet."""
MANY_BLOCKS = 5_000
"""Baselines of more blocks know their covariance."""
_CHUNK = 500
_TAIL = 0.01
"""Beyond this level the tail is a fitted exponential: minus log probabilities have such tails."""


@dataclass(frozen=True)
class Null:
    """The distribution of the largest surprise, by draws in ascending order."""

    largest: Floats

    def p_value(self, surprise: float) -> float:
        """Probability that undrifted data surprise as much; never 0.

        >>> null = Null(np.arange(1000) / 100)
        >>> null.p_value(5.0)
        0.5004995004995005
        """
        start, slope = self._tail
        if surprise <= start:
            above = len(self.largest) - np.searchsorted(self.largest, surprise, side="left")
            return float(above + 1) / (len(self.largest) + 1)
        return float(max(_TAIL * np.exp(-(surprise - start) / slope), 1e-300))

    def surprise_at(self, level: float) -> float:
        """Return the largest surprise that undrifted data exceed with probability ``level``."""
        start, slope = self._tail
        if level < _TAIL:
            return float(start + slope * np.log(_TAIL / level))
        return float(np.quantile(self.largest, 1 - level))

    @cached_property
    def _tail(self) -> tuple[float, float]:
        start = float(np.quantile(self.largest, 1 - _TAIL))
        beyond = self.largest[self.largest > start]
        return start, float(np.mean(beyond - start)) if len(beyond) else 1.0


def null_of(
    reference: Reference, statistics: Statistics, rows: float, *, draws: int = DRAWS, seed: int = 0
) -> Null:
    """Draw baselines and windows of ``rows`` rows without drift, as the reference's blocks vary.

    A baseline of few blocks knows its own covariance badly, and tests that rely on it are larger
    than they seem (as Hotelling's is beside chi-squared): their constants are then drawn as well.
    """
    generator = np.random.default_rng((seed, int(rows)))
    world = _World(reference, statistics, rows)
    found: list[Floats] = []
    for done in range(0, draws, _CHUNK):
        tests = statistics
        if reference.block_count < MANY_BLOCKS:
            tests = Statistics(reference.redrawn(generator), rows, statistics.columns)
        drawn = world.draw(generator, min(_CHUNK, draws - done))
        found.append(tests.surprises(drawn).max(axis=-1))
    return Null(np.sort(np.concatenate(found)))


def resampled(reference: Reference, rows: float) -> bool:
    return rows / reference.mean_block < FEW_BLOCKS


class _World:
    """Draws pairs of baseline and window that differ by chance alone."""

    def __init__(self, reference: Reference, statistics: Statistics, rows: float) -> None:
        self._statistics = statistics
        self._rows = rows
        self._baseline_rows = reference.rows
        values, vectors = np.linalg.eigh(statistics.covariance)
        kept = values > 1e-12 * max(float(values.max()), 1e-300)
        self._factor = (vectors[:, kept] * np.sqrt(values[kept])).T
        self._blocks: Floats | None = None
        self._shares = statistics.shares
        if resampled(reference, rows):
            self._block_rows = reference.block_rows
            self._blocks = statistics.columns.grouped(reference.blocks)
            self._shares = self._blocks.sum(axis=0) / self._block_rows.sum()
            self._taken = max(1, round(rows / reference.mean_block))

    def draw(self, generator: np.random.Generator, count: int) -> Compared:
        if self._blocks is None:
            window_rows = np.full(count, float(self._rows))
            window = self._normal(generator, count, self._rows)
            self._rare(generator, window, self._rows)
        else:
            drawn = generator.integers(len(self._blocks), size=(count, self._taken))
            drawn += np.arange(count)[:, None] * len(self._blocks)
            weights = np.bincount(drawn.ravel(), minlength=count * len(self._blocks))
            weights = weights.reshape(count, -1).astype(np.float64)
            window_rows = weights @ self._block_rows
            window = weights @ self._blocks / window_rows[:, None]
        baseline = self._normal(generator, count, self._baseline_rows)
        self._rare(generator, baseline, self._baseline_rows)
        return Compared(window, window_rows, baseline, self._baseline_rows)

    def _normal(self, generator: np.random.Generator, count: int, rows: float) -> Floats:
        noise = generator.standard_normal((count, len(self._factor)))
        drawn = self._shares + noise @ self._factor / np.sqrt(rows)
        binned = drawn[:, : self._statistics.columns.multivariate.start]
        np.maximum(binned, 0.0, out=binned)
        return drawn

    def _rare(self, generator: np.random.Generator, drawn: Floats, rows: float) -> None:
        """Rare counts are not normal: Poisson, in units of their design effect."""
        for column, effect in self._statistics.effect_of_rare().items():
            mean = self._shares[column] * rows / effect
            drawn[:, column] = generator.poisson(mean, len(drawn)) * effect / rows
