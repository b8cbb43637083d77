"""Plan how features are counted from what training saw, and sketch training's own rows so."""

from collections.abc import Mapping, Sequence
from math import inf, nextafter

import numpy as np
from numpy.typing import NDArray

from contracts.baseline import Baseline, FeatureBaseline
from drift.sketches.features import NumericFeature
from drift.sketches.rows import sketch_rows
from drift.sketches.single import rounded_cuts
from drift.sketches.window import WindowSketch

Bounds = Mapping[str, tuple[float | None, float | None]]
"""The card's minimum and maximum of a feature, by name."""


def plan_of(baseline: Baseline, bounds: Bounds | None = None) -> tuple[NumericFeature, ...]:
    """Count windows as this baseline was counted."""
    limits = {} if bounds is None else bounds
    return tuple(
        NumericFeature(name=f.name, cuts=f.cuts, minimum=low, maximum=high)
        for f in baseline.features
        for low, high in [limits.get(f.name, (None, None))]
    )


def plan_rows(
    names: Sequence[str],
    matrix: NDArray[np.float64],
    *,
    bins: int,
    bounds: Bounds | None = None,
) -> tuple[NumericFeature, ...]:
    """Cut each column at its quantiles (:func:`cuts_of`), in single precision where that does."""
    limits = {} if bounds is None else bounds
    return tuple(
        _planned(name, matrix[:, column], bins, limits.get(name, (None, None)))
        for column, name in enumerate(names)
    )


def _planned(
    name: str, values: NDArray[np.float64], bins: int, limits: tuple[float | None, float | None]
) -> NumericFeature:
    exact = cuts_of(values, bins)
    rounded = rounded_cuts(exact, values)
    return NumericFeature(
        name=name,
        cuts=exact if rounded is None else rounded,
        minimum=limits[0],
        maximum=limits[1],
        single=rounded is not None,
    )


def sketch_baseline(
    names: Sequence[str],
    matrix: NDArray[np.float64],
    *,
    bins: int,
    bounds: Bounds | None = None,
) -> WindowSketch:
    """Sketch training's rows in bins of their own."""
    return sketch_rows(plan_rows(names, matrix, bins=bins, bounds=bounds), matrix)


def cuts_of(values: NDArray[np.float64], bins: int) -> tuple[float, ...]:
    """Return the cuts of ``drift.binning.quantile_cuts``, in numpy's time.

    >>> cuts_of(np.array([0, 0, 0, 0, 0, 0, 5.0, 9]), bins=4)
    (5.0,)
    """
    if bins < 2:
        raise ValueError(f"bins must be at least 2, got {bins}")
    ordered = np.sort(values[np.isfinite(values)])
    if not ordered.size:
        return ()
    first, last = float(ordered[0]), float(ordered[-1])
    if first == last:
        return tuple(cut for cut in (first, nextafter(first, inf)) if cut < inf)
    positions = ordered.size * np.arange(1, bins) // bins
    at = ordered[positions]
    starts, ends = np.searchsorted(ordered, at, "left"), np.searchsorted(ordered, at, "right")
    before = (positions - starts <= ends - positions) & (starts > 0) | (ends == ordered.size)
    behind = ordered[np.minimum(ends, ordered.size - 1)]
    cuts = np.where(before, at, behind)[(starts > 0) | ~before]
    chosen = np.unique(cuts).tolist()
    return tuple(chosen) if chosen else (float(ordered[np.searchsorted(ordered, first, "right")]),)


def feature_baselines(window: WindowSketch) -> tuple[FeatureBaseline, ...]:
    """Say the numeric features in the form that checks of before read (contracts.baseline).

    Those know no single precision: a value that rounds up to a cut is below it there.
    """
    return tuple(
        FeatureBaseline(
            name=sketch.feature.name,
            cuts=sketch.feature.cuts,
            counts=sketch.counts,
            missing=sketch.missing,
        )
        for sketch in window.features
        if isinstance(sketch.feature, NumericFeature)
    )
