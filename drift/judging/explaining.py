"""Say what moved in a feature: which bins hold more or fewer rows than they did."""

import numpy as np

from drift.judging.cells import Floats
from drift.judging.judgement import Bin, Moved
from drift.judging.reference import Reference
from drift.judging.statistics import Test

TOGETHER = "features together"
_SMOOTHING = 0.5
"""Rows added to each bin of the baseline's size (Jeffreys' prior): PSI stays finite."""


def moved(
    reference: Reference,
    feature: int,
    test: Test,
    shares: Floats,
    p_value: float,
    windows: float,
) -> Moved:
    """Describe one feature's move; tests of all together have no bins to show."""
    if test in (Test.MULTIVARIATE, Test.LOCATION):
        return Moved(
            feature=TOGETHER, test=test, p_value=p_value, psi=None, bins=(), windows=windows
        )
    cells = reference.cells.features[feature]
    own = reference.cells.slice_of(feature)
    expected, observed = reference.shares[own], np.maximum(shares[own], 0.0)
    parts = _psi_parts(expected, observed, reference.rows)
    most = sorted(range(cells.bins), key=lambda at: -parts[at])
    return Moved(
        feature=cells.name,
        test=test,
        p_value=p_value,
        psi=float(parts.sum()),
        bins=tuple(
            Bin(label=cells.label(at), expected=float(expected[at]), observed=float(observed[at]))
            for at in most
        ),
        windows=windows,
    )


def _psi_parts(expected: Floats, observed: Floats, rows: float) -> Floats:
    """Each bin's part of the PSI, smoothed by as many rows as the baseline can tell apart."""
    least = _SMOOTHING / rows
    p, q = (one + least for one in (expected, observed))
    p, q = p / p.sum(), q / q.sum()
    return (q - p) * np.log(q / p)
