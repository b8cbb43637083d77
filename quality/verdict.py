"""The verdict on one window of answers: fallen, held, or why nothing can be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from contracts.card_quality import LIVE_OF_TASK, Quality
from contracts.quality import Task
from contracts.quality_report import Comparison, Figure, QualityVerdict, Silence
from quality.answers import AnswerFate
from quality.estimates import MIN_UNITS, Estimate
from quality.falls import Rule, against_earlier, against_promise
from quality.past import ALL, Past
from quality.slices import holm
from quality.tally import BOUNDED, Tally
from quality.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    verdict: QualityVerdict
    silence: Silence | None
    reason: str
    figures: tuple[Figure, ...]
    comparisons: tuple[Comparison, ...]
    estimates: Mapping[str, Estimate]
    """The window's own of the judged metric, by subject, for ``Past`` of the next; empty when the
    window gives no evidence."""


def judge(task: Task, quality: Quality, window: Window, past: Past) -> Judgement:
    """Say whether the window's answers are worse than was to be expected.

    ``false_alarm_rate`` is shared: half is for all answers together and half for the slices
    (Holm), each half in two for promise and earlier windows where there is a promise.
    """
    figures = _figures(task, quality, window.tally)
    silence = _silence(task, quality, window)
    if silence is not None:
        return _silent(*silence, figures)
    estimates = _estimates(task, quality, window)
    if ALL not in estimates:
        units = window.tally.estimate(quality.metric)
        return _silent(*_unmeasured(quality, units), figures)
    comparisons = _comparisons(quality, estimates, past)
    if not any(one.subject == ALL for one in comparisons):
        reason = (
            f"{quality.metric} is {estimates[ALL].value:.4g}; there is no promise to hold it to "
            f"with fewer than {quality.persistence} windows, and no earlier window"
        )
        return replace(_silent(Silence.NO_REFERENCE, reason, figures), estimates=estimates)
    fallen = [one for one in comparisons if one.fallen]
    return Judgement(
        verdict=QualityVerdict.FALLEN if fallen else QualityVerdict.HELD,
        silence=None,
        reason=_told(quality, estimates[ALL], comparisons, fallen),
        figures=figures,
        comparisons=comparisons,
        estimates=estimates,
    )


def _silence(task: Task, quality: Quality, window: Window) -> tuple[Silence, str] | None:
    joined, tally = window.fates, window.tally
    answers, labelled = joined.answers, joined.answers[AnswerFate.LABELLED]
    asked = joined.due + answers[AnswerFate.OPEN]
    if not asked:
        return Silence.NO_ANSWERS, "nobody asked in this window"
    if not joined.due:
        return Silence.LABELS_OPEN, f"the labels of all {asked} answers may still come"
    if not labelled:
        return Silence.NO_LABELS, f"none of {joined.due} answers has a label"
    if labelled < quality.min_coverage * joined.due:
        return Silence.LOW_COVERAGE, (
            f"{labelled} of {joined.due} answers have a label, "
            f"{labelled / joined.due:.1%} where {quality.min_coverage:.1%} are needed: "
            "those that have one may be unlike the rest"
        )
    if labelled < quality.min_rows:
        return Silence.TOO_FEW_ROWS, (
            f"{labelled} labelled answers are fewer than the {quality.min_rows} a verdict needs"
        )
    ones, zeros = tally.ones, tally.rows - tally.ones
    if task is Task.BINARY_CLASSIFICATION and min(ones, zeros) < quality.min_class_rows:
        return Silence.ONE_CLASS, (
            f"{ones} positives and {zeros} negatives: {quality.min_class_rows} of each are needed"
        )
    return None


def _unmeasured(quality: Quality, estimate: Estimate | None) -> tuple[Silence, str]:
    if estimate is None:
        return Silence.UNMEASURABLE, f"the labelled answers say nothing of {quality.metric}"
    return Silence.TOO_FEW_UNITS, (
        f"the labelled answers are of {estimate.units + 1} units that differ; "
        f"{MIN_UNITS} are needed to know how sure {quality.metric} is"
    )


def _silent(silence: Silence, reason: str, figures: tuple[Figure, ...]) -> Judgement:
    return Judgement(
        verdict=QualityVerdict.NO_VERDICT,
        silence=silence,
        reason=reason,
        figures=figures,
        comparisons=(),
        estimates={},
    )


def _estimates(task: Task, quality: Quality, window: Window) -> dict[str, Estimate]:
    """Return the judged metric of all answers and of the slices that are large enough."""
    found: dict[str, Estimate] = {}
    for subject, tally in {ALL: window.tally, **window.slices}.items():
        few = min(tally.ones, tally.rows - tally.ones) < quality.min_class_rows
        if subject != ALL and tally.rows < quality.min_rows:
            continue
        if task is Task.BINARY_CLASSIFICATION and few:
            continue
        estimate = tally.estimate(quality.metric)
        if estimate is not None and estimate.units + 1 >= MIN_UNITS:
            found[subject] = estimate
    return found


def _comparisons(
    quality: Quality, estimates: Mapping[str, Estimate], past: Past
) -> tuple[Comparison, ...]:
    slices = [name for name in estimates if name != ALL]
    rate = quality.false_alarm_rate / 2 if slices else quality.false_alarm_rate
    whole = _of_subject(quality, ALL, estimates[ALL], past, rate)
    parts: list[Comparison] = []
    for name in slices:
        parts += _of_subject(quality, name, estimates[name], past, rate, shares=len(slices))
    return (*whole, *holm(parts, rate))


def _of_subject(
    quality: Quality, subject: str, estimate: Estimate, past: Past, rate: float, *, shares: int = 1
) -> list[Comparison]:
    """``rate`` is shared among so many subjects, and by promise and earlier windows."""
    windows = [*past.windows.get(subject, ()), estimate]
    rule = Rule(persistence=quality.persistence, min_fall=quality.min_fall, loosest=rate)
    promise = past.promises.get(subject)
    limit = rate / shares if promise is None else rate / shares / 2
    found = [against_earlier(subject, windows, rule, limit)]
    if promise is not None:
        found.append(against_promise(subject, windows, promise, rule, limit))
    return [one for one in found if one is not None]


def _figures(task: Task, quality: Quality, tally: Tally) -> tuple[Figure, ...]:
    figures: list[Figure] = []
    for metric in LIVE_OF_TASK[task]:
        estimate = tally.estimate(metric) if tally.rows else None
        if estimate is None or estimate.units + 1 < MIN_UNITS:
            continue
        low, high = estimate.interval(quality.confidence, bounded=metric in BOUNDED)
        figures.append(
            Figure(
                metric=metric,
                value=estimate.value,
                low=low,
                high=high,
                error=estimate.error,
                rows=estimate.rows,
                units=estimate.units + 1,
            )
        )
    return tuple(figures)


def _told(
    quality: Quality,
    estimate: Estimate,
    comparisons: Sequence[Comparison],
    fallen: Sequence[Comparison],
) -> str:
    if not fallen:
        rarest = min(comparisons, key=lambda one: one.chance / one.limit)
        return (
            f"{quality.metric} is {estimate.value:.4g} on {estimate.rows} answers; the least "
            f"likely of {len(comparisons)} comparisons has a chance of {rarest.chance:.2g} "
            f"(limit {rarest.limit:.2g})"
        )
    named = "; ".join(
        f"{quality.metric} of {one.subject} is {one.value:.4g} against {one.reference:.4g} of "
        f"{one.against} (chance {one.chance:.1g}, limit {one.limit:.1g})"
        for one in sorted(fallen, key=lambda one: one.chance)
    )
    return f"fallen: {named}"
