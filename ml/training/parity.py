"""Refuse an exported model that answers differently from the one that was trained."""

import numpy as np
from numpy.typing import NDArray

from contracts.card import Task
from ml.refusal import Refusal
from ml.training.fitted import Scores

PARITY = 1e-5
"""Probabilities of the exported model may differ from the trained one's by no more; other answers
by no more than this share of the labels' spread, or by what float32 makes of them."""
FLOAT32 = 1e-6
"""Eight units in the last place of the largest label: what adding in float32 may cost."""


def tolerance(task: Task, labels: NDArray[np.float64]) -> float:
    """Return by how much an exported answer may differ, in the unit of the answers.

    >>> tolerance(Task.REGRESSION, np.array([0.0, 200.0]))
    0.001
    """
    if task is Task.BINARY_CLASSIFICATION:
        return PARITY
    return max(PARITY * float(labels.std()), FLOAT32 * float(np.abs(labels).max()))


def check_parity(trained: Scores, exported: Scores, allowed: float = PARITY) -> float:
    """Return the largest difference over all hold-out rows; refuse one above ``allowed``."""
    differences = np.abs(trained - exported)
    worst = float(differences.max())
    if not worst <= allowed:
        off = int((~(differences <= allowed)).sum())
        raise Refusal(
            f"the exported model differs from the trained one by up to {worst:.2g} on {off} of "
            f"{len(trained)} hold-out rows, allowed is {allowed:.2g}"
        )
    return worst
