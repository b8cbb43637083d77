"""What a window is compared with: the version's earlier windows, and what the gate promised."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from contracts.evaluation import EvaluationReport
from contracts.reading import Table
from quality.estimates import Estimate
from quality.falls import Promise, promise_weight

ALL = "all answers"
KEPT_WINDOWS = 400
"""More than a year of daily ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The judged metric in the version's earlier windows, oldest first, by subject."""

    windows: Mapping[str, Sequence[Estimate]] = field(default_factory=dict[str, Sequence[Estimate]])
    promises: Mapping[str, Promise] = field(default_factory=dict[str, Promise])

    def followed_by(self, estimates: Mapping[str, Estimate]) -> "Past":
        """Return the past of the next window; a subject that this one lacks keeps its own."""
        longer = {
            subject: (*self.windows.get(subject, ()), *_one(estimates, subject))[-KEPT_WINDOWS:]
            for subject in (
                *self.windows,
                *(each for each in estimates if each not in self.windows),
            )
        }
        return replace(self, windows=longer)


def estimates_document(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {subject: asdict(estimate) for subject, estimate in estimates.items()}


def parse_estimates(table: Table) -> dict[str, Estimate]:
    return {subject: _estimate(table.table(subject)) for subject in table.content}


def promises_of(evaluation: EvaluationReport, metric: str) -> dict[str, Promise]:
    """Return what the gate saw of ``metric``: of all rows, and of its slices by their names.

    A metric that the gate did not measure has no promise, and slices have one of the judged alone.
    """
    holdout = evaluation.holdout
    value = evaluation.candidate.metrics.get(metric)
    if value is None:
        return {}
    whole = promise_weight(metric, holdout.rows, holdout.positives)
    promises = {ALL: Promise(value=value, weight=whole)}
    for one in evaluation.slices if metric == evaluation.metric else ():
        if one.candidate is not None:
            weight = whole * one.rows / holdout.rows
            promises[one.name] = Promise(value=one.candidate, weight=weight)
    return promises


def _one(estimates: Mapping[str, Estimate], subject: str) -> tuple[Estimate, ...]:
    return (estimates[subject],) if subject in estimates else ()


def _estimate(row: Table) -> Estimate:
    return Estimate(
        metric=row.text("metric"),
        value=row.number("value"),
        error=row.number("error", least=0),
        rows=row.integer("rows", least=1),
        weight=row.number("weight", least=0),
        units=row.integer("units", least=1),
    )
