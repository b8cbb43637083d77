"""Sketch the columns of what is accepted, and say how far a later file is from such a sketch."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from contracts.card import Column, ColumnType, Dataset
from contracts.profile import ColumnProfile, Profile
from drift import binning, distances

BINS = 10
CATEGORIES = 50
"""The most frequent texts have a bin each, all others one."""


class Sketch:
    """Gathers accepted rows, file by file; its columns are then cut into bins."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._rows: dict[tuple[str, str], list[pd.Series]] = {}
        self._columns: dict[tuple[str, str], Column] = {}

    def add(self, dataset: Dataset, key: str, sha256: str, frame: pd.DataFrame) -> None:
        self._files[key] = sha256
        for column in dataset.columns:
            if column.compared:
                place = dataset.name, column.name
                self._columns[place] = column
                self._rows.setdefault(place, []).append(frame[column.name])

    def profile(self, run_id: str) -> Profile:
        return Profile(run_id=run_id, files=self._files, columns=tuple(self._profiles()))

    def _profiles(self) -> Iterator[ColumnProfile]:
        for (dataset, name), parts in self._rows.items():
            values = pd.concat(parts, ignore_index=True)
            cuts, categories = _bins(values, self._columns[dataset, name])
            *counts, missing = _count(values, cuts, categories)
            yield ColumnProfile(
                dataset=dataset,
                column=name,
                cuts=cuts,
                categories=categories,
                counts=tuple(counts),
                missing=missing,
            )


def shifts(
    before: Profile, dataset: Dataset, frame: pd.DataFrame
) -> Iterator[tuple[ColumnProfile, float]]:
    """Yield the PSI of each column of ``frame`` that ``before`` knows; missing is a bin, too."""
    known = {(each.dataset, each.column): each for each in before.columns}
    for column in dataset.columns:
        past = known.get((dataset.name, column.name))
        if past is not None and column.compared and len(frame) and _same_kind(past, column):
            now = _count(frame[column.name], past.cuts, past.categories)
            yield past, distances.psi((*past.counts, past.missing), now)


def is_new(before: Profile, key: str, sha256: str) -> bool:
    return before.files.get(key) != sha256


def _same_kind(past: ColumnProfile, column: Column) -> bool:
    """A card may have made a number of a text since."""
    text = column.type is ColumnType.TEXT
    return not past.cuts if text else not past.categories


def _bins(values: pd.Series, column: Column) -> tuple[tuple[float, ...], tuple[str, ...]]:
    if column.type is not ColumnType.TEXT:
        return binning.quantile_cuts(values.to_numpy(np.float64).tolist(), BINS), ()
    seen: Mapping[str, int] = Counter(values.dropna().tolist())
    often = sorted(seen, key=lambda text: (-seen[text], text))[:CATEGORIES]
    return (), tuple(sorted(often))


def _count(
    values: pd.Series, cuts: tuple[float, ...], categories: tuple[str, ...]
) -> tuple[int, ...]:
    """Return the rows per bin, then the number of missing ones."""
    there = values.dropna()
    missing = len(values) - len(there)
    if values.dtype == object:
        seen: Mapping[str, int] = Counter(there.tolist())
        named = [seen.get(category, 0) for category in categories]
        return (*named, len(there) - sum(named), missing)
    bins = np.searchsorted(np.array(cuts), there.to_numpy(np.float64), side="right")
    return (*np.bincount(bins, minlength=len(cuts) + 1).tolist(), missing)
