"""The plug-in protocol, by a detector of a few lines and by the guide's own example."""

import re
from pathlib import Path

import numpy as np
import pytest

from contracts.drift_report import DriftVerdict
from drift.judging.cells import Floats
from drift.judging.detector import Detector, DetectorVerdict

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "detectors.md"


class PageHinkley:
    """E. S. Page's test of a mean that rises, on the distance from the baseline's mean."""

    def __init__(self, *, slack: float = 0.5, threshold: float = 4.0) -> None:
        self.slack, self.threshold = slack, threshold
        self.mean: list[float] = []
        self.spread: list[float] = []
        self.sum = 0.0
        self.seen = False

    def baseline(self, rows: Floats) -> None:
        self.mean = np.nanmean(rows, axis=0).tolist()
        self.spread = np.nanstd(rows, axis=0).tolist()

    def update(self, rows: Floats) -> None:
        if not len(rows):
            return
        z = (np.nanmean(rows, axis=0) - self.mean) / self.spread * np.sqrt(len(rows))
        self.sum = max(0.0, self.sum + float(np.abs(z).max()) - 2.0 - self.slack)
        self.seen = True

    def verdict(self) -> DetectorVerdict:
        if not self.mean or not self.seen:
            return DetectorVerdict(verdict=DriftVerdict.NO_VERDICT, reason="nothing to compare")
        drift = self.sum > self.threshold
        verdict = DriftVerdict.DRIFT if drift else DriftVerdict.NO_DRIFT
        return DetectorVerdict(verdict=verdict, reason=f"cumulative sum {self.sum:.1f}")


def plays_by_the_rules(detector: Detector) -> None:
    assert isinstance(detector, Detector)
    draw = np.random.default_rng(0)
    assert detector.verdict().verdict is DriftVerdict.NO_VERDICT
    detector.baseline(draw.normal(size=(5_000, 3)))
    assert detector.verdict().verdict is DriftVerdict.NO_VERDICT
    detector.update(np.zeros((0, 3)))
    assert detector.verdict().verdict is DriftVerdict.NO_VERDICT
    for _ in range(20):
        detector.update(draw.normal(size=(200, 3)))
        assert detector.verdict().verdict is DriftVerdict.NO_DRIFT
    found: list[DriftVerdict] = []
    for _ in range(30):
        detector.update(draw.normal((0.0, 0.8, 0.0), size=(200, 3)))
        found.append(detector.verdict().verdict)
    assert DriftVerdict.DRIFT in found
    assert DriftVerdict.NO_VERDICT not in found


def test_a_detector_of_three_methods_can_be_plugged_in() -> None:
    plays_by_the_rules(PageHinkley())


def test_the_guides_example_is_such_a_detector() -> None:
    pytest.importorskip("river")
    found = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, type] = {}
    exec(found[1], names)  # the guide's own text
    plays_by_the_rules(names["AdwinOfMeans"]())


def test_a_class_without_a_verdict_is_no_detector() -> None:
    class Half:
        def baseline(self, rows: Floats) -> None: ...
        def update(self, rows: Floats) -> None: ...

    assert not isinstance(Half(), Detector)
