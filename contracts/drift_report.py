"""The report of one drift check."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class DriftVerdict(StrEnum):
    DRIFT = "drift"
    NO_DRIFT = "no_drift"
    NO_VERDICT = "no_verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    name: str
    psi: float
    threshold: float
    drifted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    model: str
    version: int | None
    window_start: str
    window_end: str
    rows: int
    refused_records: int
    verdict: DriftVerdict
    reason: str
    drifted_share: float | None
    features: tuple[FeatureDrift, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)
