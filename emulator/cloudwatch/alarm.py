"""A metric alarm's settings, as typed values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Record = Mapping[str, Any]


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """How a missing datapoint counts (``TreatMissingData``)."""

    MISSING = "missing"
    NOT_BREACHING = "notBreaching"
    BREACHING = "breaching"
    IGNORE = "ignore"


class Comparison(StrEnum):
    """The comparison operators of static thresholds."""

    GREATER_OR_EQUAL = "GreaterThanOrEqualToThreshold"
    GREATER = "GreaterThanThreshold"
    LESS = "LessThanThreshold"
    LESS_OR_EQUAL = "LessThanOrEqualToThreshold"

    def breached(self, value: float, threshold: float) -> bool:
        match self:
            case Comparison.GREATER_OR_EQUAL:
                return value >= threshold
            case Comparison.GREATER:
                return value > threshold
            case Comparison.LESS:
                return value < threshold
            case Comparison.LESS_OR_EQUAL:
                return value <= threshold

    @property
    def words(self) -> str:
        """How AWS says it in a state's reason."""
        match self:
            case Comparison.GREATER_OR_EQUAL:
                return "greater than or equal to"
            case Comparison.GREATER:
                return "greater than"
            case Comparison.LESS:
                return "less than"
            case Comparison.LESS_OR_EQUAL:
                return "less than or equal to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When an alarm is on, apart from where its numbers come from."""

    comparison: Comparison
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int | None = None
    """``None`` means all of them, and AWS then words its reasons differently."""
    period: int
    missing: Missing = Missing.MISSING
    least_samples: float = 0.0
    """A percentile of fewer changes no state; 0: it is evaluated whatever there is."""

    @property
    def needed(self) -> int:
        """M of "M out of N"."""
        if self.datapoints_to_alarm is None:
            return self.evaluation_periods
        return self.datapoints_to_alarm

    @property
    def range(self) -> int:
        """How many periods are retrieved, in case some of the newest are missing.

        AWS says "a higher number than EvaluationPeriods" and shows 5 for 3; the exact number is
        not documented. We retrieve two more, always.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
        """
        return self.evaluation_periods + 2

    @property
    def step(self) -> int:
        """Seconds between two evaluations.

        "For any period of one minute or longer, an alarm is evaluated every minute"; periods of 10,
        20 or 30 seconds every 10 seconds; multi-day alarms once an hour, up to the hour's :00.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
        """
        if self.period < 60:
            return 10
        return 3600 if self.evaluation_periods * self.period > 86400 else 60


def rule_of(alarm: Record) -> Rule:
    """Read the rule of an alarm as ``DescribeAlarms`` returns it."""
    namespaces = {alarm.get("Namespace")} | {
        query["MetricStat"]["Metric"].get("Namespace")
        for query in alarm.get("Metrics") or ()
        if query.get("MetricStat")
    }
    # "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data even
    # if you choose a different option" (alarms-and-missing-data.html).
    ignores = "AWS/DynamoDB" in namespaces
    return Rule(
        comparison=Comparison(alarm["ComparisonOperator"]),
        threshold=float(alarm["Threshold"]),
        evaluation_periods=int(alarm["EvaluationPeriods"]),
        datapoints_to_alarm=alarm.get("DatapointsToAlarm"),
        period=period_of(alarm),
        missing=Missing.IGNORE if ignores else Missing(alarm.get("TreatMissingData") or "missing"),
        least_samples=_least_samples(alarm),
    )


def _least_samples(alarm: Record) -> float:
    """Ten samples on the rarer side of the percentile, where the alarm asks for that.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    statistic = alarm.get("ExtendedStatistic") or ""
    if alarm.get("EvaluateLowSampleCountPercentile") != "ignore" or not statistic.startswith("p"):
        return 0.0
    share = float(statistic[1:]) / 100
    rarer = 1 - share if share >= 0.5 else share
    return 10 / rarer if rarer > 0 else 0.0


def period_of(alarm: Record) -> int:
    """Return the alarm's period; with metric math, that of its metrics (all have one)."""
    for query in alarm.get("Metrics") or ():
        stat = query.get("MetricStat")
        if stat:
            return int(stat["Period"])
    return int(alarm.get("Period") or 60)
