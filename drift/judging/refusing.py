"""Say why a window can't be judged, before anybody takes that for 'no drift'."""

import numpy as np

from contracts.drift_report import DriftVerdict
from drift.judging.cells import Window
from drift.judging.judgement import Judgement, NoVerdict
from drift.judging.reference import Reference

LEAST_BASELINE_ROWS = 50


def refusal(reference: Reference | None, window: Window, min_rows: int) -> Judgement | None:
    """Return the judgement without verdict, or None for a window that can be judged."""
    found = _why(reference, window, min_rows)
    return None if found is None else _refused(window, *found)


def too_small(window: Window) -> Judgement:
    """Refuse a window in which no bin is expected to hold enough rows for any test."""
    return _refused(window, NoVerdict.TOO_FEW_ROWS, f"{window.rows:g} rows fill no bin")


def _refused(window: Window, why: NoVerdict, reason: str) -> Judgement:
    return Judgement(
        verdict=DriftVerdict.NO_VERDICT,
        reason=f"no verdict: {reason}",
        rows=window.rows,
        no_verdict=why,
    )


def _why(
    reference: Reference | None, window: Window, min_rows: int
) -> tuple[NoVerdict, str] | None:
    if reference is None:
        return NoVerdict.NO_BASELINE, f"model {window.model!r} has no baseline to compare with"
    return _other(reference, window) or _baseline(reference) or _window(window, min_rows)


def _other(reference: Reference, window: Window) -> tuple[NoVerdict, str] | None:
    if window.model != reference.model:
        return NoVerdict.OTHER_MODEL, (
            f"the window is of model {window.model!r}, the baseline of {reference.model!r}"
        )
    if window.version != reference.version:
        return NoVerdict.OTHER_VERSION, (
            f"the window is of version {window.version!r}, the baseline of {reference.version!r}"
        )
    if window.cells != reference.cells or len(window.sums) != reference.cells.total:
        return NoVerdict.OTHER_SCHEMA, "the window's features or bins are not the baseline's"
    return None


def _baseline(reference: Reference) -> tuple[NoVerdict, str] | None:
    if reference.rows < LEAST_BASELINE_ROWS:
        return NoVerdict.SMALL_BASELINE, (
            f"the baseline has {reference.rows:g} rows, a verdict needs {LEAST_BASELINE_ROWS}"
        )
    joint = reference.covariance[reference.cells.binned :, reference.cells.binned :]
    if not joint.any() and all(feature.bins < 2 for feature in reference.cells.features):
        return (
            NoVerdict.CONSTANT_BASELINE,
            "no feature of the baseline has two bins to move between",
        )
    return None


def _window(window: Window, min_rows: int) -> tuple[NoVerdict, str] | None:
    binned = window.sums[: window.cells.binned]
    if not np.isfinite(window.sums).all() or (binned < 0).any() or not np.isfinite(window.rows):
        return NoVerdict.UNREADABLE_WINDOW, "the window has counts that are negative or not finite"
    if window.rows <= 0:
        return NoVerdict.EMPTY_WINDOW, "the window has no rows"
    if window.rows < min_rows:
        return NoVerdict.TOO_FEW_ROWS, (
            f"{window.rows:g} rows are fewer than the {min_rows} a verdict needs"
        )
    return None
