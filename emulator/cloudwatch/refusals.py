"""What PutMetricAlarm refuses: what AWS refuses, and what the embedded account cannot do."""

from collections.abc import Sequence

from emulator.cloudwatch.alarm import Comparison, Missing, Record
from emulator.cloudwatch.expression import UnsupportedExpression, parse
from emulator.cloudwatch.statistics import supported

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_MOST_ACTIONS = 5
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""


def refusal(alarm: Record) -> str | None:
    """Return why ``alarm`` (as PutMetricAlarm is asked for it) cannot be put, or ``None``."""
    return (
        _comparison(alarm)
        or _missing(alarm)
        or refused_action(
            alarm,
            ("sns", "lambda", "autoscaling"),
            "it notifies SNS topics, invokes Lambda functions and scales SageMaker variants",
        )
        or _source(alarm)
    )


def _comparison(alarm: Record) -> str | None:
    asked = alarm.get("ComparisonOperator")
    if asked in list(Comparison):
        if alarm.get("Threshold") is None:
            return "Threshold is required for static threshold alarms"
        return None
    return (
        f"the embedded account does not evaluate the ComparisonOperator {asked}; "
        f"it knows {', '.join(Comparison)}"
    )


def _missing(alarm: Record) -> str | None:
    asked = alarm.get("TreatMissingData")
    if asked is None or asked in list(Missing):
        return _counts(alarm)
    return f"TreatMissingData must be one of {', '.join(Missing)}, got {asked}"


def _counts(alarm: Record) -> str | None:
    needed, periods = alarm.get("DatapointsToAlarm"), alarm.get("EvaluationPeriods")
    if periods is None:
        return "EvaluationPeriods is required"
    if needed is not None and not 1 <= needed <= periods:
        return f"DatapointsToAlarm must be 1 to EvaluationPeriods ({periods}), got {needed}"
    return None


def refused_action(alarm: Record, services: Sequence[str], performed: str) -> str | None:
    """Return why an action cannot be: AWS takes five for a state, and we perform some."""
    for field in _ACTIONS:
        actions = alarm.get(field) or ()
        if len(actions) > _MOST_ACTIONS:
            return f"{field} takes {_MOST_ACTIONS} actions at most, got {len(actions)}"
        for arn in actions:
            if str(arn).split(":")[2:3] not in [[service] for service in services]:
                return (
                    f"the embedded account does not perform the action {arn} ({field}); {performed}"
                )
    return None


def _source(alarm: Record) -> str | None:
    described = alarm.get("Metrics") or ()
    if described:
        return _queries(described)
    for field in ("Namespace", "MetricName", "Period"):
        if not alarm.get(field):
            return f"{field} is required unless Metrics is given"
    asked = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    return _statistic(str(asked))


def _queries(described: list[Record]) -> str | None:
    ids = {each["Id"] for each in described}
    returned = [each for each in described if each.get("ReturnData", True)]
    if len(returned) != 1:
        return f"exactly one element of Metrics must have ReturnData true, got {len(returned)}"
    stats = [each["MetricStat"] for each in described if each.get("MetricStat")]
    if len({stat["Period"] for stat in stats}) != 1:
        return "the embedded account evaluates Metrics that all have one Period"
    for each in described:
        wrong = _query(each, ids)
        if wrong is not None:
            return wrong
    return None


def _query(described: Record, ids: set[str]) -> str | None:
    if described.get("MetricStat"):
        return _statistic(described["MetricStat"]["Stat"])
    try:
        unknown = parse(described["Expression"]).ids() - ids
    except UnsupportedExpression as error:
        return str(error)
    return f"no element of Metrics has the Id {sorted(unknown)[0]}" if unknown else None


def _statistic(asked: str) -> str | None:
    if supported(asked):
        return None
    return (
        f"the embedded account does not compute the statistic {asked}; "
        "it knows SampleCount, Average, Sum, Minimum, Maximum and percentiles (p99.9)"
    )
