"""Whether a candidate's answers to callers are distributed as they must be.

They should lie like its answers to its hold-out. Callers may by now ask for something else than the
hold-out did; then the champion's answers to the same callers have moved away from its own hold-out
too, and as much is allowed, or they lie like the champion's. Answers that fit neither are wrong, or
answer another question.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.baseline import FeatureBaseline
from contracts.card import ModelCard
from drift.binning import count
from drift.distances import psi
from drift.thresholds import critical_psi

_LIKE_THE_CHAMPION = 1.5
"""How much further than the champion's the candidate's answers may have moved: models that learned
at other times read the same new callers somewhat differently (benchmarks/README.md)."""
_TAIL = 1e-4
"""Probability that chance alone passes the threshold, at each look; a bake has a few looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Scores that callers were given, and in how many requests: rows of one are often alike, so
    chance is reckoned by requests."""

    scores: Sequence[float]
    requests: int


NOTHING = Given(scores=(), requests=0)


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
    own: Given,
    card: ModelCard,
    *,
    champions: Given = NOTHING,
    champions_expected: FeatureBaseline | None = None,
) -> Shift:
    """Compare with the hold-out's and with the ``champions`` answers to the same callers.

    ``champions_expected`` are the champion's answers to its own hold-out; None: not known.
    """
    least, rows = card.rollout.min_prediction_rows, len(own.scores)
    if rows < least or sum(expected.counts) < 1:
        return Shift(rows=rows, from_holdout=None, from_champion=None)
    known = len(champions.scores) >= least
    counts, _ = count(own.scores, expected.cuts)
    beside, _ = count(champions.scores, expected.cuts)
    moved = 0.0
    if champions_expected is not None and known:
        old, _ = count(champions.scores, champions_expected.cuts)
        moved = _LIKE_THE_CHAMPION * psi(champions_expected.counts, old)
    return Shift(
        rows=rows,
        from_holdout=Distance(
            psi=psi(expected.counts, counts),
            allowed=max(_allowed(expected, sum(expected.counts), own, card), moved),
        ),
        from_champion=Distance(
            psi=psi(beside, counts), allowed=_allowed(expected, champions.requests, own, card)
        )
        if known
        else None,
    )


def _allowed(binned: FeatureBaseline, rows: int, own: Given, card: ModelCard) -> float:
    """The card's limit gives way where samples of these sizes differ more by chance."""
    chance = critical_psi(
        expected_rows=rows, observed_rows=own.requests, bins=len(binned.counts), tail=_TAIL
    )
    return max(card.rollout.max_prediction_psi, chance)
