"""Which rows of a hold-out hang together, and so are resampled together."""

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.card import Task

Rows: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Rows of one unit tell much the same; different units tell different things."""

    of_row: Rows
    """The number of each row's unit, from 0 on."""
    count: int
    ordered: bool
    """Units follow each other in time, and neighbours are alike."""

    @property
    def alone(self) -> bool:
        """Every row is a unit of its own."""
        return not self.ordered and self.count == len(self.of_row)

    @property
    def block(self) -> int:
        """How many neighbours are drawn together: the cube root of their number, in order.

        Source: P. Hall, J. Horowitz, B.-Y. Jing, On blocking rules for the bootstrap with dependent
        data, Biometrika 82 (1995): for the variance of a mean the best length grows so.
        """
        return int(np.ceil(self.count ** (1 / 3))) if self.ordered else 1

    def within(self, rows: NDArray[np.bool_]) -> Self:
        """Return the units of some of the rows."""
        _, numbers = np.unique(self.of_row[rows], return_inverse=True)
        count = int(numbers.max()) + 1 if len(numbers) else 0
        return type(self)(of_row=numbers, count=count, ordered=self.ordered)


def units_of(task: Task, entities: pd.Index) -> Units:
    """Return users' rows together, hours of one day together, and all other rows alone.

    A recommender's entity is a pair that begins with the user. Where an entity is (or has) a time,
    its errors go on for hours and days: rows of the same day are one unit, in order.
    """
    if task is Task.RECOMMENDATION:
        return _numbered(entities.get_level_values(0), ordered=False)
    times = [
        level
        for level in map(entities.get_level_values, range(entities.nlevels))
        if isinstance(level, pd.DatetimeIndex)
    ]
    if times:
        return _numbered(times[0].normalize(), ordered=True)
    count = len(entities)
    return Units(of_row=np.arange(count), count=count, ordered=False)


def _numbered(values: pd.Index, *, ordered: bool) -> Units:
    unique, numbers = np.unique(values.to_numpy(), return_inverse=True)
    return Units(of_row=numbers, count=len(unique), ordered=ordered)
