"""Judge a window of requests against the baseline that training wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.baseline import Baseline, FeatureBaseline
from contracts.card import Drift
from contracts.drift_report import DriftVerdict, FeatureDrift
from drift.binning import Value, count
from drift.distances import psi
from drift.thresholds import critical_psi, per_feature

Counts = tuple[tuple[int, ...], int]
"""Rows per bin, and missing values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The part of a drift report that follows from baseline and window alone."""

    rows: int
    verdict: DriftVerdict
    reason: str
    drifted_share: float | None
    features: tuple[FeatureDrift, ...]


def judge(baseline: Baseline, rows: Sequence[Sequence[Value]], drift: Drift) -> Judgement:
    """Say whether ``rows`` still look like the baseline's.

    Parameters
    ----------
    baseline
        Counts per bin of each feature, as training saw it.
    rows
        The window: one sequence per request, in the order of ``baseline.features``; None or NaN
        is missing.
    drift
        The card's settings. A feature drifted when its PSI reaches ``psi_floor`` and what chance
        explains (``false_alarm_rate`` shared by all features); the window drifted when the share
        of such features reaches ``drifted_share``.

    Returns
    -------
    Judgement
        NO_VERDICT, without figures, for fewer than ``min_rows`` rows.

    Raises
    ------
    ValueError
        For a row that has not one value per feature.
    """
    enough = len(rows) >= drift.min_rows
    columns = _columns(rows, len(baseline.features)) if enough else [[] for _ in baseline.features]
    counts = [
        count(column, feature.cuts)
        for feature, column in zip(baseline.features, columns, strict=True)
    ]
    return judge_counts(baseline, counts, len(rows), drift)


def judge_counts(
    baseline: Baseline, counts: Sequence[Counts], rows: int, drift: Drift
) -> Judgement:
    """Judge a window that was counted while it streamed by (drift.window): see :func:`judge`.

    ``counts`` holds, for each of ``baseline.features``, what :func:`drift.binning.count` returns.
    """
    if rows < drift.min_rows or not baseline.features:
        return Judgement(
            rows=rows,
            verdict=DriftVerdict.NO_VERDICT,
            reason=f"{rows} rows are fewer than the {drift.min_rows} a verdict needs",
            drifted_share=None,
            features=(),
        )
    tail = per_feature(drift.false_alarm_rate, len(baseline.features))
    features = tuple(
        _compare(feature, counted, tail=tail, floor=drift.psi_floor)
        for feature, counted in zip(baseline.features, counts, strict=True)
    )
    share = sum(feature.drifted for feature in features) / len(features)
    drifted = share >= drift.drifted_share
    return Judgement(
        rows=rows,
        verdict=DriftVerdict.DRIFT if drifted else DriftVerdict.NO_DRIFT,
        reason=_reason(features, share, drift.drifted_share),
        drifted_share=share,
        features=features,
    )


def _columns(rows: Sequence[Sequence[Value]], width: int) -> list[list[Value]]:
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise ValueError(f"row {number} has {len(row)} values, the baseline {width} features")
    return [[row[index] for row in rows] for index in range(width)]


def _compare(
    feature: FeatureBaseline, counted: Counts, *, tail: float, floor: float
) -> FeatureDrift:
    counts, missing = counted
    expected, observed = feature.counts, counts
    if feature.missing or missing:
        expected, observed = (*expected, feature.missing), (*observed, missing)
    chance = critical_psi(
        expected_rows=sum(expected), observed_rows=sum(observed), bins=len(expected), tail=tail
    )
    distance, threshold = psi(expected, observed), max(floor, chance)
    drifted = distance > 0 and distance >= threshold
    return FeatureDrift(name=feature.name, psi=distance, threshold=threshold, drifted=drifted)


def _reason(features: Sequence[FeatureDrift], share: float, bound: float) -> str:
    drifted = sorted((f for f in features if f.drifted), key=lambda f: -f.psi)
    named = ", ".join(f"{f.name} (PSI {f.psi:.3g} >= {f.threshold:.3g})" for f in drifted)
    counted = f"{len(drifted)} of {len(features)} features drifted ({share:.0%}, bound {bound:.0%})"
    return f"{counted}: {named}" if drifted else counted
