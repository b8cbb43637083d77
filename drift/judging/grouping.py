"""Group cells that are too rare for a chi-squared test at a window's size."""

from dataclasses import dataclass

import numpy as np

from drift.judging.cells import FeatureCells, Floats

LEAST_EXPECTED = 5.0
"""Rows that a group must be expected to hold (W. G. Cochran, "Some methods for strengthening the
common chi-squared tests", Biometrics 10, 1954)."""
RARE = 0.5
"""A cell that is expected to hold less is not hidden in a neighbour: it has an exact test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Cells of one feature by group; ``rare`` ones together have the exact test alone."""

    ordered: tuple[tuple[int, ...], ...]
    nominal: tuple[tuple[int, ...], ...]
    rare: tuple[int, ...]


def group(feature: FeatureCells, shares: Floats, rows: float) -> Groups:
    """Group the cells of one feature for windows of ``rows`` rows.

    Ordered cells join their neighbours, nominal ones others that are as rare.

    >>> ten = FeatureCells(name="x", bins=4, ordered=3)
    >>> group(ten, np.array([0.5, 0.02, 0.48, 0.0]), 100).ordered
    ((0,), (1, 2))
    """
    expected = shares * rows
    rare = tuple(int(cell) for cell in np.flatnonzero(expected < RARE))
    common = [cell for cell in range(feature.bins) if expected[cell] >= RARE]
    nominal = sorted((c for c in common if c >= feature.ordered), key=lambda c: -expected[c])
    return Groups(
        ordered=_filled([c for c in common if c < feature.ordered], expected),
        nominal=_filled(nominal, expected),
        rare=rare,
    )


def _filled(cells: list[int], expected: Floats) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = []
    open_, held = [], 0.0
    for cell in cells:
        open_.append(cell)
        held += expected[cell]
        if held >= LEAST_EXPECTED:
            groups.append(open_)
            open_, held = [], 0.0
    if open_ and groups:
        groups[-1] += open_
    elif open_:
        groups.append(open_)
    return tuple(tuple(one) for one in groups)
