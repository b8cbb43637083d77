"""Whether a candidate's answers to callers are distributed as they must be.

They should lie like its answers to its hold-out. Callers may by now ask for something else than the
hold-out did; then they should lie like the champion's answers to the same callers. Answers that fit
neither are wrong, or answer another question.
"""

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
class Distance:
    psi: float
    allowed: float

    @property
    def multiple(self) -> float:
        return self.psi / self.allowed

    def __str__(self) -> str:
        return f"{self.psi:.3g} (allowed {self.allowed:.3g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    rows: int
    from_holdout: Distance | None
    """None: too few answers to say."""
    from_champion: Distance | None
    """None: too few of the champion's to the same callers."""

    @property
    def multiple(self) -> float | None:
        """As contracts.metrics.PREDICTION_SHIFT has it: 1 is the limit."""
        if self.from_holdout is None:
            return None
        if self.from_champion is None:
            return self.from_holdout.multiple
        return min(self.from_holdout.multiple, self.from_champion.multiple)

    def sentence(self) -> str:
        if self.from_holdout is None:
            return f"{self.rows} answers to callers are too few to compare with the hold-out's"
        beside = "" if self.from_champion is None else f", and {self.from_champion} from the old's"
        return (
            f"{self.rows} answers to callers lie at PSI {self.from_holdout} from those to the "
            f"hold-out{beside}"
        )


def shift_of(
    expected: FeatureBaseline,
    scores: Sequence[float],
    card: ModelCard,
    *,
    champions: Sequence[float] = (),
) -> Shift:
    """Compare with the hold-out's and with the ``champions`` answers to the same callers."""
    least = card.rollout.min_prediction_rows
    if len(scores) < least or sum(expected.counts) < 1:
        return Shift(rows=len(scores), from_holdout=None, from_champion=None)
    counts, _ = count(scores, expected.cuts)
    beside, _ = count(champions, expected.cuts)
    return Shift(
        rows=len(scores),
        from_holdout=_distance(expected.counts, counts, card),
        from_champion=None if len(champions) < least else _distance(beside, counts, card),
    )


def _distance(expected: Sequence[int], counts: Sequence[int], card: ModelCard) -> Distance:
    """The card's limit gives way where samples of these sizes differ more by chance."""
    chance = critical_psi(
        expected_rows=sum(expected), observed_rows=sum(counts), bins=len(expected), tail=_TAIL
    )
    return Distance(psi=psi(expected, counts), allowed=max(card.rollout.max_prediction_psi, chance))
