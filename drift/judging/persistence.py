"""Remember recent windows in a few decayed sums, so that slow drift adds up.

Not a CUSUM of one number per window, but exponentially weighted means of the sums themselves
(MEWMA: C. Lowry et al., "A multivariate exponentially weighted moving average control chart",
Technometrics 34, 1992), at several memories: small changes in the same direction add up before they
are squared, a decayed window is tested like any window of as many rows, and so says which bins
moved. A CUSUM of surprises forgets directions. One odd window is shrunk before it is remembered:
alone it moves no chart to its threshold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from drift.judging.cells import Cells, Floats

STRANGE = 6.9
"""Surprise from which a feature's window is shrunk: one in a thousand for each test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One memory: decayed sums, their rows, and the rows that vary as much (``squares``)."""

    memory: float
    sums: Floats
    rows: float = 0.0
    squares: float = 0.0
    since: str | None = None
    """The first window after the chart was last calm."""

    @property
    def effective_rows(self) -> float:
        return self.rows**2 / self.squares if self.squares else 0.0

    def after(self, sums: Floats, rows: float) -> "Chart":
        """Return the chart after one more window; older ones count for less by 1/memory."""
        kept = 1 - 1 / self.memory
        return Chart(
            memory=self.memory,
            sums=self.sums * kept + sums,
            rows=self.rows * kept + rows,
            squares=self.squares * kept**2 + rows,
            since=self.since,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What must be kept between two checks of one model version."""

    fingerprint: str
    charts: tuple[Chart, ...]
    run: int = 0
    """Windows in a row that were odd by themselves."""
    run_since: str | None = None
    since: str | None = None
    """When what is drift now began; None while there is none."""

    def document(self) -> dict[str, Any]:
        """Return the state as JSON's own types."""
        return {
            "fingerprint": self.fingerprint,
            "run": self.run,
            "run_since": self.run_since,
            "since": self.since,
            "charts": [
                {
                    "memory": chart.memory,
                    "rows": chart.rows,
                    "squares": chart.squares,
                    "since": chart.since,
                    "sums": chart.sums.tolist(),
                }
                for chart in self.charts
            ],
        }


def parse_state(document: Mapping[str, Any]) -> State:
    """Read :meth:`State.document`; ValueError for anything else."""
    try:
        charts = tuple(
            Chart(
                memory=float(chart["memory"]),
                rows=float(chart["rows"]),
                squares=float(chart["squares"]),
                since=chart["since"],
                sums=np.asarray(chart["sums"], dtype=np.float64),
            )
            for chart in document["charts"]
        )
        return State(
            fingerprint=str(document["fingerprint"]),
            run=int(document["run"]),
            run_since=document["run_since"],
            since=document["since"],
            charts=charts,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the state of the drift check can't be read: {error!r}") from error


def fresh(fingerprint: str, memories: Sequence[float], total: int) -> State:
    return State(
        fingerprint=fingerprint,
        charts=tuple(Chart(memory=memory, sums=np.zeros(total)) for memory in memories),
    )


def shrunk(
    sums: Floats, rows: float, shares: Floats, cells: Cells, surprise: Mapping[int, float]
) -> Floats:
    """Pull what is strange in a window towards the baseline, feature by feature.

    A surprise grows with the square of the difference: the root of their ratio brings it back to
    what a window may say by itself. Features that are strange together are shrunk together.
    """
    factor = np.ones(len(cells.features) + 1)
    for feature, found in surprise.items():
        factor[feature] = min(1.0, np.sqrt(STRANGE / found)) if found > 0 else 1.0
    factor = np.minimum(factor, factor[-1])
    expected = rows * shares
    return expected + factor[cells.owner] * (sums - expected)
