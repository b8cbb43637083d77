"""Which numbers of a window's sums belong to which feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

MAX_CELLS = 5_000
"""The null needs the covariance of all cells; a sketch counts rare categories as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureCells:
    """The bins of one feature, or of the model's scores."""

    name: str
    bins: int
    ordered: int = 0
    """So many bins, the first ones, are neighbours in order; the others are nominal: categories,
    missing, unseen."""
    labels: tuple[str, ...] = ()
    """What a report calls each bin."""

    def __post_init__(self) -> None:
        if self.bins < 1 or not 0 <= self.ordered <= self.bins:
            raise ValueError(
                f"feature {self.name!r} needs at least 1 bin and 0 to {self.bins} ordered ones, "
                f"got {self.bins} and {self.ordered}"
            )
        if self.labels and len(self.labels) != self.bins:
            raise ValueError(
                f"feature {self.name!r} has {self.bins} bins and {len(self.labels)} labels"
            )

    def label(self, bin_: int) -> str:
        return self.labels[bin_] if self.labels else f"bin {bin_}"


@dataclass(frozen=True)
class Cells:
    """The features in order, each with its bins side by side, then the multivariate sums."""

    features: tuple[FeatureCells, ...]
    multivariate: int = 0

    def __post_init__(self) -> None:
        if self.total > MAX_CELLS:
            raise ValueError(f"a window may have {MAX_CELLS} cells at most, got {self.total}")
        names = [feature.name for feature in self.features]
        if len(set(names)) != len(names):
            raise ValueError(f"each feature must have a name of its own, got {names}")

    @cached_property
    def owner(self) -> Ints:
        """The number of each cell's feature; multivariate sums follow as one more."""
        sizes = [feature.bins for feature in self.features] + [self.multivariate]
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def starts(self) -> Ints:
        return np.cumsum([0, *(feature.bins for feature in self.features)])

    @property
    def binned(self) -> int:
        return sum(feature.bins for feature in self.features)

    @property
    def total(self) -> int:
        return self.binned + self.multivariate

    def slice_of(self, feature: int) -> slice:
        return slice(int(self.starts[feature]), int(self.starts[feature + 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is kept of a window of requests: its rows and sums."""

    rows: float
    sums: Floats
    """Rows per bin of all features, side by side, then the multivariate sums."""
    cells: Cells
    model: str
    version: str
    at: str = ""
    """When it began, as the caller writes times; verdicts say 'since when' with it."""


def joined(counts: Sequence[Sequence[float] | Floats], cells: Cells) -> Floats:
    """Put the counts of each feature (and the multivariate sums, if any) side by side.

    >>> cells = Cells((FeatureCells(name="a", bins=2), FeatureCells(name="b", bins=3)))
    >>> joined([[1, 2], [3, 0, 0]], cells)
    array([1., 2., 3., 0., 0.])
    """
    expected = [feature.bins for feature in cells.features]
    expected += [cells.multivariate] if cells.multivariate else []
    if (found := [len(part) for part in counts]) != expected:
        raise ValueError(f"the cells are {expected}, got counts of {found}")
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in counts])
