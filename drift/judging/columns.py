"""Add up the cells of each group, whatever the number of windows."""

import numpy as np

from drift.judging.cells import Cells, Floats
from drift.judging.grouping import group


class Columns:
    """Where the groups of each feature stand after :meth:`grouped`."""

    def __init__(self, cells: Cells, shares: Floats, rows: float) -> None:
        self.ordered: list[list[int]] = []
        self.common: list[list[int]] = []
        self.rare: list[int | None] = []
        columns: list[list[int]] = []
        for number, feature in enumerate(cells.features):
            own = cells.slice_of(number)
            groups = group(feature, shares[own], rows)
            for one in (*groups.ordered, *groups.nominal, groups.rare):
                if one:
                    columns.append([own.start + cell for cell in one])
            common = len(groups.ordered) + len(groups.nominal)
            first = len(columns) - common - bool(groups.rare)
            self.ordered.append(list(range(first, first + len(groups.ordered))))
            self.common.append(list(range(first, first + common)))
            self.rare.append(first + common if groups.rare else None)
        self.multivariate = slice(len(columns), len(columns) + cells.multivariate)
        columns += [[cell] for cell in range(cells.binned, cells.total)]
        self.pattern = tuple(tuple(column) for column in columns)
        self._order = np.array([cell for column in columns for cell in column], dtype=np.int64)
        sizes = [len(column) for column in columns]
        self._starts = np.cumsum([0, *sizes[:-1]])

    def grouped(self, sums: Floats) -> Floats:
        """Add up the cells of each group (last axis)."""
        return np.add.reduceat(sums[..., self._order], self._starts, axis=-1)
