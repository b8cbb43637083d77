"""Streams whose drift is known: what changes, when it begins, and how much."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drift.judging.cells import Floats

FEATURES = 10
WINDOW_ROWS = 500
BASELINE_ROWS = 80_000
"""As many as the quiet windows have, which ADWIN learns from in place of a baseline."""
HORIZON = 40
"""Windows after the onset; what is not found by then counts as found one later."""
CORRELATION = 0.4
_WEIGHTS = np.array([0.9, -0.7, 0.5, 0.5, -0.3, 0.2, 0.0, 0.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How far a window is from the baseline's world."""

    shift: Floats | None = None
    correlation: float = CORRELATION
    positives: float | None = None
    """Share of positive labels, for label shift: what positives look like stays the same."""
    weights: Floats | None = None
    """What features mean for the label; the model keeps what it learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    x: Floats
    score: Floats
    label: NDArray[np.bool_]

    @property
    def columns(self) -> Floats:
        """Features and score, which every rule looks at."""
        return np.hstack([self.x, self.score[:, None]])


def drawn(draw: np.random.Generator, rows: int, change: Change | None = None) -> Rows:
    """Draw requests; the model's scores are the true chances of the world without change."""
    change = change or Change()
    if change.positives is None:
        return _drawn(draw, rows, change)
    many = _drawn(draw, 3 * rows, change)
    wanted = draw.random(rows) < change.positives
    found = np.empty(rows, dtype=int)
    found[wanted] = np.flatnonzero(many.label)[: wanted.sum()]
    found[~wanted] = np.flatnonzero(~many.label)[: (~wanted).sum()]
    return Rows(x=many.x[found], score=many.score[found], label=many.label[found])


def _drawn(draw: np.random.Generator, rows: int, change: Change) -> Rows:
    common = draw.standard_normal((rows, 1)) * np.sqrt(change.correlation)
    own = draw.standard_normal((rows, FEATURES)) * np.sqrt(1 - change.correlation)
    x = common + own + (0 if change.shift is None else change.shift)
    score = _chance(x, _WEIGHTS)
    chance = score if change.weights is None else _chance(x, change.weights)
    return Rows(x=x, score=score, label=draw.random(rows) < chance)


def _chance(x: Floats, weights: Floats) -> Floats:
    return 1 / (1 + np.exp(-(x @ weights + 0.6 * x[:, 0] * x[:, 1])))


def _three(size: float) -> Floats:
    return np.array([size] * 3 + [0.0] * (FEATURES - 3))


def _one(size: float) -> Floats:
    return np.array([0.0] * (FEATURES - 1) + [size])


def _otherwise() -> Floats:
    weights = _WEIGHTS.copy()
    weights[2:4] = 0.0
    return weights


SCENARIOS: dict[str, Callable[[int], Change]] = {
    "abrupt": lambda _: Change(shift=_three(0.08)),
    "gradual": lambda t: Change(shift=_three(0.3 * (t + 1) / HORIZON)),
    "recurring": lambda t: Change(shift=_three(0.08)) if t // 4 % 2 == 0 else Change(),
    "one feature": lambda _: Change(shift=_one(0.1)),
    "correlated only": lambda _: Change(correlation=0.36),
    "label shift": lambda _: Change(positives=0.6),
    "concept only": lambda _: Change(weights=_otherwise()),
}
BESIDE: dict[str, Callable[[int], Change]] = {
    "abrupt, large": lambda _: Change(shift=_three(1.0)),
    "one odd window": lambda t: Change(shift=_three(0.5)) if t == 0 else Change(),
}
"""Not counted: what waiting for a second window costs, and what it is for."""
