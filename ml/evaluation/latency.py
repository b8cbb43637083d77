"""How long the exported model takes for one row."""

from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from ml.serving.predictor import Predictor

WARM_UP = 20
ASKED = 500
"""So that the slowest hundredth is five answers, not one."""


def latency_ms(predictor: Predictor, rows: NDArray[np.float64]) -> float:
    """Return how long 99 of 100 single predictions take at most, in milliseconds.

    In this process: HTTP, queueing and the endpoint's instance are not in it.
    """
    taken: list[int] = []
    for number in range(WARM_UP + ASKED):
        place = number % len(rows)
        row = rows[place : place + 1]
        start = perf_counter_ns()
        predictor.score(row)
        taken.append(perf_counter_ns() - start)
    return float(np.quantile(taken[WARM_UP:], 0.99)) / 1e6
