"""Whether a candidate's answers to callers are distributed like those to its hold-out."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.baseline import FeatureBaseline
from contracts.card import ModelCard
from drift.binning import count
from drift.distances import psi
from drift.thresholds import critical_psi

_TAIL = 1e-4
"""Probability that chance alone passes the threshold, at each look; a bake has a few looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    rows: int
    psi: float | None
    """None: too few answers to say."""
    allowed: float

    @property
    def multiple(self) -> float | None:
        """As contracts.metrics.PREDICTION_SHIFT has it: 1 is the limit."""
        return None if self.psi is None else self.psi / self.allowed

    def sentence(self) -> str:
        if self.psi is None:
            return f"{self.rows} answers to callers are too few to compare with the hold-out's"
        return (
            f"{self.rows} answers to callers lie at PSI {self.psi:.3g} from those to the hold-out "
            f"(allowed {self.allowed:.3g})"
        )


def shift_of(expected: FeatureBaseline, scores: Sequence[float], card: ModelCard) -> Shift:
    """Compare; the card's limit gives way where a window of this size differs more by chance."""
    limits = card.rollout
    if len(scores) < limits.min_prediction_rows or sum(expected.counts) < 1:
        return Shift(rows=len(scores), psi=None, allowed=limits.max_prediction_psi)
    counts, _ = count(scores, expected.cuts)
    chance = critical_psi(
        expected_rows=sum(expected.counts),
        observed_rows=len(scores),
        bins=len(expected.counts),
        tail=_TAIL,
    )
    return Shift(
        rows=len(scores),
        psi=psi(expected.counts, counts),
        allowed=max(limits.max_prediction_psi, chance),
    )
