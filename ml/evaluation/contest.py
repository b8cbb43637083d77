"""Compare candidate and champion on the same hold-out, whole and slice by slice."""

from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from contracts.card import ModelCard, Slice, Task
from contracts.evaluation import EvaluationReport, Gain, HoldOut, SliceScore
from ml.evaluation.bootstrap import Plan, Unmeasurable, gain_of
from ml.evaluation.contestant import Contestant
from ml.evaluation.metrics import Scores, figure
from ml.evaluation.units import units_of
from ml.refusal import Refusal
from ml.training.rows import LabelledRows

BOOTSTRAP_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What both models answered to the same rows; ``old`` is None before the first promotion."""

    card: ModelCard
    rows: LabelledRows
    new: Scores
    old: Scores | None

    def gain(self, chosen: NDArray[np.bool_] | None = None, number: int = 0) -> Gain | None:
        """Return the gain on the ``chosen`` rows; ``number`` gives each choice draws of its own."""
        if self.old is None:
            return None
        units = units_of(self.card.task, self.rows.features.index)
        every = np.ones(len(self.new), dtype=np.bool_)
        kept = every if chosen is None else chosen
        return gain_of(
            self.card.evaluation.metric,
            self.rows.labels[kept],
            self.new[kept],
            self.old[kept],
            units if chosen is None else units.within(kept),
            Plan(
                samples=self.card.evaluation.bootstrap_samples,
                confidence=self.card.gate.confidence,
                seed=(BOOTSTRAP_SEED, number),
            ),
        )

    def slices(self) -> tuple[SliceScore, ...]:
        return tuple(
            self._slice(asked, number) for number, asked in enumerate(self.card.gate.slices, 1)
        )

    def _slice(self, asked: Slice, number: int) -> SliceScore:
        chosen = _rows_of(asked, self.rows)
        nothing = SliceScore(
            name=asked.name, rows=int(chosen.sum()), candidate=None, champion=None, gain=None
        )
        if not self._tells(asked, chosen):
            return nothing
        try:
            gain = self.gain(chosen, number)
        except Unmeasurable:
            return nothing
        return replace(
            nothing,
            candidate=self._figure(self.new, chosen),
            champion=None if self.old is None else self._figure(self.old, chosen),
            gain=gain,
        )

    def _figure(self, scores: Scores, chosen: NDArray[np.bool_]) -> float | None:
        units = units_of(self.card.task, self.rows.features.index).within(chosen)
        labels, metric = self.rows.labels[chosen], self.card.evaluation.metric
        value = figure(metric, labels, scores[chosen], units.of_row)
        return value if isfinite(value) else None

    def _tells(self, asked: Slice, chosen: NDArray[np.bool_]) -> bool:
        """Say whether the slice has rows enough, of both classes where there are classes."""
        labels = self.rows.labels[chosen]
        if len(labels) < asked.min_rows:
            return False
        if self.card.task is not Task.BINARY_CLASSIFICATION:
            return True
        return 0 < int((labels == 1).sum()) < len(labels)


def compare(
    rows: LabelledRows,
    candidate: Contestant,
    champion: Contestant | None,
    *,
    run_id: str,
    as_of: str,
) -> EvaluationReport:
    """Return both models' figures on ``rows`` and the candidate's gain."""
    card = candidate.predictor.card
    if champion is not None:
        _refuse_other_question(champion, card)
    new = candidate.scores(rows)
    old = None if champion is None else champion.scores(rows)
    described = candidate.described(rows, new)
    if card.evaluation.metric not in described.metrics:
        raise Refusal(
            f"the hold-out of {rows.snapshot_date} is no measure of {card.evaluation.metric}"
        )
    contest = Contest(card=card, rows=rows, new=new, old=old)
    return EvaluationReport(
        run_id=run_id,
        as_of=as_of,
        metric=card.evaluation.metric,
        holdout=HoldOut(
            rows=len(rows.labels),
            positives=rows.positives if card.task is Task.BINARY_CLASSIFICATION else None,
            snapshot_date=rows.snapshot_date.isoformat(),
            sha256=rows.sha256,
        ),
        candidate=described,
        champion=None if champion is None or old is None else champion.described(rows, old),
        gain=contest.gain(),
        slices=contest.slices(),
    )


def _rows_of(asked: Slice, rows: LabelledRows) -> NDArray[np.bool_]:
    values = rows.features[asked.feature].to_numpy(np.float64)
    low = -np.inf if asked.minimum is None else asked.minimum
    high = np.inf if asked.maximum is None else asked.maximum
    return (values >= low) & (values < high)


def _refuse_other_question(champion: Contestant, card: ModelCard) -> None:
    theirs = champion.predictor.card
    for what, old, new in (
        ("model", theirs.name, card.name),
        ("task", theirs.task, card.task),
        ("label", theirs.label, card.label),
        ("label window in days", theirs.label_window_days, card.label_window_days),
    ):
        if old != new:
            raise Refusal(
                f"{champion.uri} answers another question: its {what} is {old}, "
                f"the candidate's is {new}"
            )
