"""What a gain must be to count: the difference of the two scores, measured as the card asks."""

from collections.abc import Iterable, Iterator

from contracts.card import ModelCard
from contracts.evaluation import EvaluationReport, Gain
from contracts.quality import improvement
from lambdas.gate.criterion import Criterion, above, at_least, same

ROUNDING = 1e-9
"""Two ways of computing one difference differ by no more."""


def comparison(report: EvaluationReport, card: ModelCard) -> Iterator[Criterion]:
    """Equal is not better: the interval's lower bound must be above the card's minimum."""
    if report.gain is None or report.champion is None:
        return
    metric, gain = card.evaluation.metric, report.gain
    scores = (report.candidate.metrics.get(metric), report.champion.metrics.get(metric))
    yield from _genuine(metric, scores, gain, card)
    yield above(f"{metric} gain, lower bound", gain.low, card.gate.min_gain)


def slices(report: EvaluationReport, card: ModelCard) -> Iterator[Criterion]:
    """The card's slices, all of them and no others; each may not get worse than the champion."""
    found = {one.name: one for one in report.slices}
    yield same("slices", _listed(found), _listed(one.name for one in card.gate.slices))
    if report.gain is None:
        return
    for asked in card.gate.slices:
        name, score = f"slice {asked.name}", found.get(asked.name)
        yield at_least(f"{name}, rows", None if score is None else score.rows, asked.min_rows)
        gain = None if score is None else score.gain
        if score is not None and gain is not None:
            yield from _genuine(name, (score.candidate, score.champion), gain, card)
        low = None if gain is None else gain.low
        yield above(f"{name}, gain's lower bound", low, -asked.tolerance)


def _genuine(
    name: str, scores: tuple[float | None, float | None], gain: Gain, card: ModelCard
) -> Iterator[Criterion]:
    """A gain of the wrong sign (the two swapped) or of other figures is no evidence."""
    candidate, champion = scores
    metric = card.evaluation.metric
    difference = (
        None if candidate is None or champion is None else improvement(metric, candidate, champion)
    )
    yield Criterion(
        name=f"{name} gain",
        value=f"{gain.value:+.9f}",
        bound="the difference of both scores, "
        + ("unknown" if difference is None else f"{difference:+.9f}"),
        passed=difference is not None and abs(gain.value - difference) <= ROUNDING,
    )
    held = gain.low - ROUNDING <= gain.value <= gain.high + ROUNDING
    # No width: every resample gave the same difference. Two models that answer alike do that, and
    # gain nothing; of any other gain nothing was resampled.
    alike = gain.low == gain.value == gain.high == 0
    yield Criterion(
        name=f"{name} gain, interval",
        value=f"[{gain.low:+.9f}, {gain.high:+.9f}]",
        bound=f"around {gain.value:+.9f}, and wider than nothing",
        passed=alike or (held and gain.high - gain.low > 0),
    )
    yield same(f"{name} gain, confidence", gain.confidence, card.gate.confidence)
    yield same(f"{name} gain, resamples", gain.samples, card.evaluation.bootstrap_samples)


def _listed(names: Iterable[str]) -> str | None:
    return ", ".join(sorted(names)) or None
