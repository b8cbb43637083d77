"""Which state an alarm's datapoints give it, exactly as AWS documents it.

Sources: "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from emulator.cloudwatch.alarm import Missing, Rule, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Datapoint:
    """One period's value; ``None`` where no data arrived."""

    start: datetime
    value: float | None
    sample_count: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an evaluation says; ``state`` is ``None`` where the alarm keeps its state."""

    state: State | None
    evaluated: tuple[Datapoint, ...]
    """The real datapoints that counted, oldest first."""
    filled: int
    """How many missing datapoints had to be counted too."""


def evaluate(rule: Rule, datapoints: Sequence[Datapoint]) -> Verdict:
    """Judge ``datapoints``: one per period of the evaluation range, oldest first.

    The newest real datapoints are evaluated, as many as EvaluationPeriods; only when the range
    holds fewer are missing ones counted, "only as few times as possible".
    """
    real = tuple(point for point in datapoints if point.value is not None)
    evaluated = real[-rule.evaluation_periods :]
    filled = rule.evaluation_periods - len(evaluated)
    breaching = sum(_breaches(rule, point) for point in evaluated)
    samples = sum(point.sample_count for point in evaluated)
    state = (
        None
        if evaluated and samples < rule.least_samples
        else _state(rule, datapoints, evaluated, breaching, filled)
    )
    return Verdict(state=state, evaluated=evaluated, filled=filled)


def _state(
    rule: Rule,
    datapoints: Sequence[Datapoint],
    evaluated: tuple[Datapoint, ...],
    breaching: int,
    filled: int,
) -> State | None:
    counted = breaching + (filled if rule.missing is Missing.BREACHING else 0)
    if counted >= rule.needed:
        return State.ALARM
    if breaching < len(evaluated) or filled == 0:
        # A datapoint that does not breach decides: the tables say OK even for IGNORE.
        return State.OK
    match rule.missing:
        case Missing.BREACHING | Missing.NOT_BREACHING:
            return State.OK
        case Missing.IGNORE:
            return None
        case Missing.MISSING if not evaluated:
            return State.INSUFFICIENT_DATA
        case Missing.MISSING:
            return _premature(rule, datapoints)


def _premature(rule: Rule, datapoints: Sequence[Datapoint]) -> State | None:
    """Judge fewer datapoints than needed, all of them breaching ("premature transitions").

    ALARM "when the oldest available breaching datapoint during the Evaluation Periods number of
    data points is at least as old as the value of Datapoints to Alarm, and all other more recent
    data points are breaching or missing". For a younger one AWS says only that the alarm "does
    not go immediately into ALARM": it keeps its state here (unproven against AWS).
    """
    oldest = next(index for index, point in enumerate(datapoints) if point.value is not None)
    age = len(datapoints) - oldest
    return State.ALARM if age >= rule.needed else None


def _breaches(rule: Rule, point: Datapoint) -> bool:
    return point.value is not None and rule.comparison.breached(point.value, rule.threshold)
