"""A small world for the tests of judging: four correlated features, ten bins each."""

import numpy as np

from drift.judging.cells import Cells, FeatureCells, Floats, Window
from drift.judging.multivariate import FourierMap, fourier_map
from drift.judging.reference import Reference, reference_of

FEATURES, BINS, BASELINE_ROWS = 4, 10, 8_000
CUTS = np.array([-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816])
NAMES = [f"x{at}" for at in range(FEATURES)]
_BINNED = tuple(FeatureCells(name=name, bins=BINS, ordered=BINS) for name in NAMES)


def rows_of(draw: np.random.Generator, count: int, *, correlation: float = 0.5) -> Floats:
    common = draw.standard_normal((count, 1)) * np.sqrt(correlation)
    return common + draw.standard_normal((count, FEATURES)) * np.sqrt(1 - correlation)


def lines_of(rows: Floats, fourier: FourierMap | None = None) -> Floats:
    """One line of sums per row."""
    binned = [np.eye(BINS)[np.searchsorted(CUTS, column, side="right")] for column in rows.T]
    return np.hstack([*binned, fourier.features(rows)] if fourier else binned)


class World:
    def __init__(self, *, seed: int = 0, multivariate: bool = False) -> None:
        self.draw = np.random.default_rng(seed)
        rows = rows_of(self.draw, BASELINE_ROWS)
        self.fourier = fourier_map(rows, dimensions=64) if multivariate else None
        self.cells = Cells(_BINNED, multivariate=64 if multivariate else 0)
        self.reference: Reference = reference_of(
            lines_of(rows, self.fourier),
            np.ones(BASELINE_ROWS),
            self.cells,
            model="churn",
            version="7",
        )

    def window(self, rows: Floats, *, at: str = "") -> Window:
        return Window(
            rows=len(rows),
            sums=lines_of(rows, self.fourier).sum(axis=0),
            cells=self.cells,
            model="churn",
            version="7",
            at=at,
        )

    def quiet(self, count: int = 500, *, at: str = "") -> Window:
        return self.window(rows_of(self.draw, count), at=at)

    def shifted(self, size: float, count: int = 500, *, at: str = "") -> Window:
        """Only x2 moves."""
        rows = rows_of(self.draw, count)
        rows[:, 2] += size
        return self.window(rows, at=at)
