"""How CloudWatch words why an alarm is in a state (StateReason, StateReasonData)."""

import json
from datetime import datetime
from typing import Any

from emulator.cloudwatch.alarm import Comparison, Missing, Record, Rule, State
from emulator.cloudwatch.evaluation import Datapoint, Verdict


def stamp(moment: datetime) -> str:
    """Render a time as alarm events do: ``2019-10-02T17:04:40.989+0000``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def reason(rule: Rule, verdict: Verdict, state: State) -> str:
    """Word the reason; the sentences are those of AWS's sample events and of the console.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    if state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(verdict.filled)} {_were(verdict.filled)} unknown."
    breaching = sum(_breached(rule.comparison, rule.threshold, p) for p in verdict.evaluated)
    decided = state is State.ALARM and breaching >= rule.needed
    treated = rule.missing in (Missing.BREACHING, Missing.NOT_BREACHING)
    if verdict.filled and treated and not decided:
        return _filled(rule, verdict)
    return _crossed(rule, verdict, state)


def _filled(rule: Rule, verdict: Verdict) -> str:
    received = len(verdict.evaluated)
    what = "no datapoints were" if not received else f"{_count(received)} {_were(received)}"
    periods = rule.evaluation_periods
    treated = "Breaching" if rule.missing is Missing.BREACHING else "NonBreaching"
    return (
        f"Threshold Crossed: {what} received for {periods} {_plural('period', periods)} and "
        f"{verdict.filled} missing {_plural('datapoint', verdict.filled)} "
        f"{_were(verdict.filled)} treated as [{treated}]."
    )


def _crossed(rule: Rule, verdict: Verdict, state: State) -> str:
    matching = [
        point
        for point in verdict.evaluated
        if _breached(rule.comparison, rule.threshold, point) is (state is State.ALARM)
    ]
    listed = ", ".join(f"{point.value} ({point.start:%d/%m/%y %H:%M:%S})" for point in matching)
    verb = _were(len(matching)) + ("" if state is State.ALARM else " not")
    said = f"{verb} {rule.comparison.words} the threshold ({rule.threshold})"
    if rule.datapoints_to_alarm is None:
        return f"Threshold Crossed: {_count(len(matching))} [{listed}] {said}."
    last = rule.evaluation_periods
    needed = rule.needed if state is State.ALARM else last - rule.needed + 1
    change = "OK -> ALARM" if state is State.ALARM else "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(matching)} out of the last {last} datapoints [{listed}] {said} "
        f"(minimum {_count(needed)} for {change} transition)."
    )


def reason_data(alarm: Record, rule: Rule, verdict: Verdict, at: datetime) -> str:
    """Return the JSON that AWS gives beside the sentence."""
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(at)}
    if verdict.evaluated:
        data["startDate"] = stamp(verdict.evaluated[0].start)
    if alarm.get("Unit"):
        data["unit"] = alarm["Unit"]
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    if statistic:
        data["statistic"] = statistic
    data["period"] = rule.period
    data["recentDatapoints"] = [point.value for point in verdict.evaluated]
    data["threshold"] = rule.threshold
    data["evaluatedDatapoints"] = [
        {"timestamp": stamp(point.start), "sampleCount": point.sample_count, "value": point.value}
        for point in reversed(verdict.evaluated)
    ]
    return json.dumps(data, separators=(",", ":"))


def _breached(comparison: Comparison, threshold: float, point: Datapoint) -> bool:
    return point.value is not None and comparison.breached(point.value, threshold)


def _count(number: int) -> str:
    return f"{number} {_plural('datapoint', number)}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else noun + "s"
