"""Compare summed rows with a reference, by tests and nulls made when a size first comes."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from drift.judging.cells import Floats
from drift.judging.null import Null, null_of, resampled
from drift.judging.reference import Reference
from drift.judging.settings import Settings
from drift.judging.statistics import Compared, Statistics, Test

_STEPS = 4
"""Sizes are rounded to so many steps of a doubling, so that nulls are drawn once."""
_CACHED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One comparison: the window, or a chart's decayed one."""

    windows: float
    surprises: Floats
    tests: tuple[tuple[int, Test], ...]
    null: Null
    p_value: float
    shares: Floats
    together: float
    """How far the features together moved, on PSI's scale."""

    def by_feature(self) -> dict[int, tuple[float, Test]]:
        """Return the largest surprise of each feature, and its test."""
        found: dict[int, tuple[float, Test]] = {}
        for (feature, test), surprise in zip(self.tests, self.surprises, strict=True):
            if feature not in found or surprise > found[feature][0]:
                found[feature] = (float(surprise), test)
        return found


class Looks:
    """Looks at sums of any size beside one reference."""

    def __init__(self, reference: Reference, settings: Settings) -> None:
        self.reference = reference
        self.settings = settings
        self._prepared: OrderedDict[int, tuple[Statistics, Null]] = OrderedDict()
        self._nulls: dict[object, Null] = {}

    def possible(self, rows: float) -> bool:
        """Whether so many rows are enough for any test."""
        return bool(self._at(rows)[0].tests)

    def look(self, sums: Floats, rows: float) -> Look:
        """Test all features of summed rows together."""
        statistics, null = self._at(rows)
        columns, reference = statistics.columns, self.reference
        shares = sums / rows
        compared = Compared(
            columns.grouped(shares), np.asarray(float(rows)), statistics.shares, reference.rows
        )
        surprises = statistics.surprises(compared)
        p_value = null.p_value(float(surprises.max()))
        return Look(
            windows=1,
            surprises=surprises,
            tests=tuple(statistics.tests),
            null=null,
            p_value=p_value,
            shares=shares,
            together=statistics.together(compared),
        )

    def _at(self, rows: float) -> tuple[Statistics, Null]:
        step = round(_STEPS * float(np.log2(max(rows, 1.0))))
        if step not in self._prepared:
            size = 2 ** (step / _STEPS)
            statistics = Statistics(self.reference, size)
            null = self._null(statistics, size) if statistics.tests else Null(np.zeros(1))
            self._prepared[step] = statistics, null
            if len(self._prepared) > _CACHED:
                self._prepared.popitem(last=False)
        return self._prepared[step]

    def _null(self, statistics: Statistics, size: float) -> Null:
        """Large windows without rare bins have one null in common: the tests' normal limit."""
        settings = self.settings
        one = not resampled(self.reference, size) and not any(
            column is not None for column in statistics.columns.rare
        )
        key: object = statistics.columns.pattern if one else size
        if key not in self._nulls:
            self._nulls[key] = null_of(
                self.reference, statistics, size, draws=settings.draws, seed=settings.seed
            )
        return self._nulls[key]
