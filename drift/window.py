"""Count a window's requests into the baseline's bins while they stream by, in constant memory."""

from bisect import bisect_right
from collections.abc import Sequence
from math import isnan

from contracts.baseline import Baseline
from drift.binning import Value


class Window:
    """What is kept of a window: rows per bin and missing values of each feature.

    >>> from contracts.baseline import Baseline, FeatureBaseline
    >>> spend = FeatureBaseline(name="spend", cuts=(2.0,), counts=(5, 5), missing=0)
    >>> window = Window(
    ...     Baseline(model="m", run_id="r", snapshot_date="d", rows=10, features=(spend,))
    ... )
    >>> for row in ([1.0], [3.0], [None]):
    ...     window.add(row)
    >>> window.rows, window.counts
    (3, [((1, 1), 1)])
    """

    def __init__(self, baseline: Baseline) -> None:
        self._cuts = [feature.cuts for feature in baseline.features]
        self._bins = [[0] * (len(cuts) + 1) for cuts in self._cuts]
        self._missing = [0] * len(self._cuts)
        self.rows = 0

    def add(self, row: Sequence[Value]) -> None:
        """Count one request, its values in the order of the baseline's features."""
        if len(row) != len(self._cuts):
            raise ValueError(f"a row must have {len(self._cuts)} values, got {len(row)}")
        for index, value in enumerate(row):
            if value is None or isnan(value):
                self._missing[index] += 1
            else:
                self._bins[index][bisect_right(self._cuts[index], value)] += 1
        self.rows += 1

    @property
    def counts(self) -> list[tuple[tuple[int, ...], int]]:
        return [
            (tuple(bins), missing) for bins, missing in zip(self._bins, self._missing, strict=True)
        ]
