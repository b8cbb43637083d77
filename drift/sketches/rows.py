"""Sketch a window from rows: a matrix of numbers, with columns of texts beside it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drift.sketches.categorical import CategoricalSketch, count_categories, empty_categorical
from drift.sketches.counting import Counting, rows_at_once
from drift.sketches.features import CategoricalFeature, Feature, NumericFeature
from drift.sketches.refusal import Incomparability, Incomparable
from drift.sketches.window import FeatureSketch, WindowSketch, merge_windows

_AT_ONCE = 65_536
"""Values of a categorical column named at once."""


def sketch_rows(
    plan: Sequence[Feature],
    matrix: NDArray[np.floating] | NDArray[np.integer] | NDArray[np.bool_],
    *,
    threads: int = 1,
) -> WindowSketch:
    """Sketch rows that are in memory.

    Parameters
    ----------
    plan
        How each column is counted: the baseline's ``plan``.
    matrix
        One row per request, one column per feature of ``plan``; NaN is missing. A categorical
        column holds numbers, which :func:`category_of` names. float64 in C order is read in place,
        anything else is copied in pieces.
    threads
        Numpy lets go of the interpreter while it counts: two threads use two processors.

    Raises
    ------
    Incomparable
        For a matrix that has not one column per feature.

    >>> plan = (NumericFeature(name="spend", cuts=(2.0,)),)
    >>> sketch_rows(plan, np.array([[1.0], [3.0], [np.nan]])).features[0].counts
    (1, 1)
    """
    if matrix.ndim != 2 or matrix.shape[1] != len(plan):
        raise Incomparable(
            Incomparability.OTHER_FEATURES,
            f"rows must have {len(plan)} columns, got an array of shape {matrix.shape}",
        )
    if threads < 2 or len(matrix) < 2 * _AT_ONCE:
        return _sketch(plan, matrix)
    with ThreadPoolExecutor(threads) as pool:
        parts = np.array_split(matrix, threads)
        return merge_windows(plan, pool.map(lambda part: _sketch(plan, part), parts))


def category_of(value: float) -> str | None:
    """Name a category that arrives as a number; NaN is missing.

    >>> category_of(3.0), category_of(2.5), category_of(float("nan"))
    ('3', '2.5', None)
    """
    if value != value:
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _sketch(plan: Sequence[Feature], matrix: NDArray[Any]) -> WindowSketch:
    numeric = [at for at, feature in enumerate(plan) if isinstance(feature, NumericFeature)]
    counting = Counting([feature for feature in plan if isinstance(feature, NumericFeature)])
    for rows in _pieces(matrix, numeric, whole=len(numeric) == len(plan)):
        counting.add(rows)
    sketches: dict[int, FeatureSketch] = dict(zip(numeric, counting.sketches(), strict=True))
    for at, feature in enumerate(plan):
        if isinstance(feature, CategoricalFeature):
            sketches[at] = _categories(feature, matrix[:, at])
    return WindowSketch(rows=len(matrix), features=tuple(sketches[at] for at in range(len(plan))))


def _pieces(
    matrix: NDArray[Any], columns: list[int], *, whole: bool
) -> Iterator[NDArray[np.float64]]:
    if whole and matrix.dtype == np.float64 and matrix.flags.c_contiguous:
        yield matrix
        return
    # As many rows as are counted at once, so that the copy is read while it is in cache.
    rows = rows_at_once(len(columns))
    for start in range(0, len(matrix), rows):
        piece = matrix[start : start + rows]
        yield np.ascontiguousarray(piece if whole else piece[:, columns], dtype=np.float64)


def _categories(feature: CategoricalFeature, column: NDArray[Any]) -> CategoricalSketch:
    sketch = empty_categorical(feature)
    for start in range(0, len(column), _AT_ONCE):
        piece = column[start : start + _AT_ONCE].astype(np.float64)
        values, counts = np.unique(piece, return_counts=True)
        named = zip(map(category_of, values.tolist()), counts.tolist(), strict=True)
        sketch = sketch.merge(count_categories(feature, dict(named)))
    return sketch
