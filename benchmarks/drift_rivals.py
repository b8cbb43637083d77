"""What others look at in a window, as one number that grows with drift, and river's ADWIN.

Thresholds are tuned by the benchmark, so that only what a rule looks at is compared. Sources:
PSI > 0.2 of ten quantile bins (the folklore rule); Kolmogorov-Smirnov with Bonferroni, where the
smallest p-value is the largest distance; Evidently's default for numeric columns of large data,
Wasserstein distance over the baseline's standard deviation, with its rule that half of the columns
must drift and without (https://docs-old.evidentlyai.com/reference/data-drift-algorithm); NannyML's
default, the Jensen-Shannon distance of any column, and its reconstruction error by principal
components (https://nannyml.readthedocs.io/en/stable/how_it_works/multivariate_drift.html).
"""

import numpy as np

from drift.judging.cells import Floats

try:
    from river.drift import ADWIN
except ImportError:
    ADWIN = None  # its lines are then missing, and the benchmark says so

BINS = 10


class Rules:
    """Every rival's statistic of a window, against one baseline."""

    def __init__(self, columns: Floats) -> None:
        self._sorted = np.sort(columns, axis=0)
        self.cuts = np.quantile(columns, np.linspace(0, 1, BINS + 1)[1:-1], axis=0)
        self._mean, self._std = columns.mean(axis=0), columns.std(axis=0)
        self._shares = self.counts(columns) / len(columns)
        scaled = (columns[:, :-1] - self._mean[:-1]) / self._std[:-1]
        values, vectors = np.linalg.eigh(np.cov(scaled.T))
        order = np.argsort(-values)
        kept = int(np.searchsorted(np.cumsum(values[order]) / values.sum(), 0.65)) + 1
        self._components = vectors[:, order[:kept]]
        self._error = self._reconstruction(columns)

    def counts(self, columns: Floats) -> Floats:
        """Rows per column and bin."""
        return np.stack(
            [
                np.bincount(np.searchsorted(cuts, column, side="right"), minlength=BINS)
                for cuts, column in zip(self.cuts.T, columns.T, strict=True)
            ]
        ).astype(float)

    def statistics(self, columns: Floats, counts: Floats) -> dict[str, float]:
        ordered = np.sort(columns, axis=0)
        shares = counts / len(columns)
        distance = self._wasserstein(ordered)
        return {
            "PSI, any column": float(self._psi(counts).max()),
            "KS with Bonferroni": float(self._ks(ordered).max()),
            "Evidently, any column": float(distance.max()),
            "Evidently, half of the columns": float(np.median(distance)),
            "NannyML, Jensen-Shannon": float(_js(self._shares, shares).max()),
            "NannyML, PCA reconstruction": abs(self._reconstruction(columns) - self._error),
        }

    def _psi(self, counts: Floats) -> Floats:
        q = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
        return ((q - self._shares) * np.log(q / self._shares)).sum(axis=1)

    def _ks(self, ordered: Floats) -> Floats:
        rows, steps = len(ordered), np.arange(len(ordered) + 1) / len(ordered)
        found = []
        for own, column in zip(self._sorted.T, ordered.T, strict=True):
            below = np.searchsorted(own, column, side="right") / len(own)
            found.append(max(np.abs(below - steps[1:]).max(), np.abs(below - steps[:rows]).max()))
        return np.array(found)

    def _wasserstein(self, ordered: Floats) -> Floats:
        places = ((np.arange(len(ordered)) + 0.5) / len(ordered) * len(self._sorted)).astype(int)
        return np.abs(ordered - self._sorted[places]).mean(axis=0) / self._std

    def _reconstruction(self, columns: Floats) -> float:
        scaled = (columns[:, :-1] - self._mean[:-1]) / self._std[:-1]
        rest = scaled - scaled @ self._components @ self._components.T
        return float(np.sqrt((rest**2).sum(axis=1)).mean())


def _js(p: Floats, q: Floats) -> Floats:
    middle = (p + q) / 2
    halves = [
        np.where(one > 0, one * np.log2(np.maximum(one, 1e-300) / middle), 0.0).sum(axis=1)
        for one in (p, q)
    ]
    return np.sqrt(np.maximum(sum(halves) / 2, 0.0))


def adwin(means: Floats, delta: float) -> list[bool]:
    """Feed one ADWIN per column with the windows' means; say at which window any found a change."""
    detectors = [ADWIN(delta=delta, clock=1, min_window_length=1, grace_period=5) for _ in means.T]
    found = []
    for line in means:
        for detector, value in zip(detectors, line, strict=True):
            detector.update(float(value))
        found.append(any(detector.drift_detected for detector in detectors))
    return found
