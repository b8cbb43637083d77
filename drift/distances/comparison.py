"""Every distance between a baseline's sketch and a window's, feature by feature."""

from dataclasses import dataclass

from drift.distances.cumulative import Bounded, kolmogorov_smirnov, wasserstein
from drift.distances.divergences import jensen_shannon, psi
from drift.distances.homogeneity import Homogeneity, chi_squared
from drift.sketches.categorical import CategoricalSketch, same_categories
from drift.sketches.numeric import NumericSketch, same_feature
from drift.sketches.refusal import Incomparability, Incomparable
from drift.sketches.window import FeatureSketch, WindowSketch, other_kind, paired

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares of a sample's rows."""

    missing: float
    unseen: float
    """Categories that training never saw; 0 for numbers."""
    out_of_range: float
    """Numbers outside the card's bounds; 0 for categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDistances:
    """How far a feature's window is from its baseline.

    ``psi``, ``jensen_shannon`` and ``chi_squared`` compare :func:`bins_of`, in which missing and
    unseen values have bins of their own. ``kolmogorov_smirnov`` and ``wasserstein`` compare numbers
    (the latter the finite ones) and are None for categories, or where one side has none.
    """

    name: str
    psi: float
    jensen_shannon: float
    chi_squared: Homogeneity
    kolmogorov_smirnov: Bounded | None
    wasserstein: Bounded | None
    baseline: Rates
    window: Rates


def distances(baseline: WindowSketch, window: WindowSketch) -> tuple[FeatureDistances, ...]:
    """Compare all features.

    Raises Incomparable for a window of other features or other bins, or without rows.
    """
    return tuple(feature_distances(one, other) for one, other in paired(baseline, window))


def feature_distances(baseline: FeatureSketch, window: FeatureSketch) -> FeatureDistances:
    expected, observed = bins_of(baseline, window)
    return FeatureDistances(
        name=baseline.feature.name,
        psi=psi(expected, observed),
        jensen_shannon=jensen_shannon(expected, observed),
        chi_squared=chi_squared(expected, observed),
        kolmogorov_smirnov=_kolmogorov_smirnov(baseline, window),
        wasserstein=_wasserstein(baseline, window),
        baseline=rates_of(baseline),
        window=rates_of(window),
    )


def bins_of(baseline: FeatureSketch, window: FeatureSketch) -> tuple[Counts, Counts]:
    """Rows per bin of both: the bins or categories, then what else either of them has.

    That is, in this order, where a row of either is in it: other known categories, unseen ones,
    missing. Raises Incomparable for other bins and for a side without rows.
    """
    sides = (baseline, window)
    if isinstance(baseline, NumericSketch) and isinstance(window, NumericSketch):
        same_feature(baseline.feature, window.feature)
        further = [(0, 0, sketch.missing) for sketch in sides]
    elif isinstance(baseline, CategoricalSketch) and isinstance(window, CategoricalSketch):
        same_categories(baseline.feature, window.feature)
        further = [(s.other - s.unseen, s.unseen, s.missing) for s in (baseline, window)]
    else:
        raise other_kind(baseline.feature, window.feature)
    _with_rows(baseline, window)
    there = [any(rows) for rows in zip(*further, strict=True)]
    expected, observed = (
        (*sketch.counts, *(rows for rows, needed in zip(own, there, strict=True) if needed))
        for sketch, own in zip(sides, further, strict=True)
    )
    return expected, observed


def rates_of(sketch: FeatureSketch) -> Rates:
    """Shares of the rows; 0 of none."""
    rows = max(1, sketch.rows)
    numeric = isinstance(sketch, NumericSketch)
    return Rates(
        missing=sketch.missing / rows,
        unseen=0.0 if numeric else sketch.unseen / rows,
        out_of_range=sketch.out_of_range / rows if numeric else 0.0,
    )


def _with_rows(baseline: FeatureSketch, window: FeatureSketch) -> None:
    if not baseline.rows or not window.rows:
        raise Incomparable(
            Incomparability.NO_ROWS,
            f"feature {baseline.feature.name!r} has {baseline.rows} rows in the baseline "
            f"and {window.rows} in the window; both need some",
        )


def _kolmogorov_smirnov(baseline: FeatureSketch, window: FeatureSketch) -> Bounded | None:
    if not isinstance(baseline, NumericSketch) or not isinstance(window, NumericSketch):
        return None
    if not baseline.known or not window.known:
        return None
    return kolmogorov_smirnov(baseline.counts, window.counts)


def _wasserstein(baseline: FeatureSketch, window: FeatureSketch) -> Bounded | None:
    if not isinstance(baseline, NumericSketch) or not isinstance(window, NumericSketch):
        return None
    if baseline.least is None or window.least is None:
        return None
    return wasserstein(
        baseline.finite_counts,
        window.finite_counts,
        edges_of(baseline, window),
        means=(baseline.moments.mean, window.moments.mean),
    )


def edges_of(baseline: NumericSketch, window: NumericSketch) -> tuple[float, ...]:
    """Return the cuts between the least and the most of two sketches that have finite values."""
    cuts = baseline.feature.cuts
    least = min(bound for bound in (baseline.least, window.least, *cuts[:1]) if bound is not None)
    most = max(bound for bound in (baseline.most, window.most, *cuts[-1:]) if bound is not None)
    return (least, *cuts, most)
