"""What a detector of somebody else's must offer to be asked in place of ours."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from contracts.drift_report import DriftVerdict
from drift.judging.cells import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorVerdict:
    verdict: DriftVerdict
    reason: str
    features: tuple[str, ...] = ()
    """Those that moved, where the detector knows."""


@runtime_checkable
class Detector(Protocol):
    """One class with three methods; ``docs/detectors.md`` has an example that runs.

    Rows are arrays of shape (rows, features) in the order of the model card; NaN is missing. A
    detector that has seen no baseline, or no rows since, answers NO_VERDICT with the reason, never
    NO_DRIFT. What it must keep between checks is its attributes, of JSON's types.
    """

    def baseline(self, rows: Floats) -> None:
        """See training's rows, once, before anything else."""
        ...

    def update(self, rows: Floats) -> None:
        """See the rows of the next window."""
        ...

    def verdict(self) -> DetectorVerdict:
        """Judge what was seen so far."""
        ...
