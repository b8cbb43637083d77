"""The cuts of many columns as rows to compare lines with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drift.sketches.features import NumericFeature
from drift.sketches.single import least_reaching, to_single


class Cuts:
    """Row ``j`` holds each column's cut number ``j``, or NaN, which no value reaches.

    A row is in single precision where all of its columns are. Beside a column that is not, the cut
    of a column that is becomes the least number that rounds to it: the same bins.
    """

    def __init__(self, features: Sequence[NumericFeature]) -> None:
        self.columns = len(features)
        cuts = np.full((max((len(f.cuts) for f in features), default=0), self.columns), np.nan)
        for column, feature in enumerate(features):
            cuts[: len(feature.cuts), column] = feature.cuts
        single = np.array([feature.single for feature in features], np.bool_)
        self.rows: list[NDArray[np.float64] | NDArray[np.float32]] = [
            to_single(row)
            if (single | np.isnan(row)).all()
            else np.where(single, least_reaching(row), row)
            for row in cuts
        ]
        self.have_single = any(row.dtype == np.float32 for row in self.rows)
