"""Score ordered groups, so that a move along them is one number and a spread another."""

from collections.abc import Sequence

import numpy as np

from drift.judging.cells import Floats


def linear(shares: Floats, own: Sequence[int]) -> Floats | None:
    """Score the groups ``own`` by their mid-ranks, with unit variance; None for fewer than two.

    >>> linear(np.array([0.25, 0.5, 0.25]), [0, 1, 2]).round(2)
    array([-1.41,  0.  ,  1.41])
    """
    if len(own) < 2:
        return None
    within, middle = _ranked(shares, own)
    scores = np.zeros(len(shares))
    scores[own] = (middle - 0.5) / np.sqrt(max(within @ (middle - 0.5) ** 2, 1e-12))
    return scores


def smooth(shares: Floats, covariance: Floats, own: Sequence[int]) -> Floats | None:
    """Return linear and quadratic scores, whitened under the null in this order.

    None for fewer than three groups.
    """
    if len(own) < 3:
        return None
    within, middle = _ranked(shares, own)
    basis = np.stack([np.ones(len(own)), middle, middle**2], axis=1)
    for at in range(3):
        for before in range(at):
            basis[:, at] -= basis[:, before] * (within * basis[:, at]) @ basis[:, before]
        basis[:, at] /= np.sqrt(within @ basis[:, at] ** 2)
    scores = np.zeros((len(shares), 2))
    scores[own] = basis[:, 1:]
    varied = scores.T @ covariance @ scores
    values = np.linalg.eigvalsh(varied)
    if values[0] <= 1e-9 * values[1]:
        return None
    return scores @ np.linalg.inv(np.linalg.cholesky(varied)).T


def _ranked(shares: Floats, own: Sequence[int]) -> tuple[Floats, Floats]:
    within = shares[own] / shares[own].sum()
    return within, np.cumsum(within) - within / 2
