"""What an alarm is called in drills, whether it stands in a template or in an account."""

from collections.abc import Mapping
from typing import Any

from lambdas.promotion.symptoms import Symptom

OPERATIONS = "operations"
INCIDENT, WARNING = "incident", "warning"


def name_of(alarm: Mapping[str, Any], where: str) -> str:
    """Return a name that two models' alarms on the same thing share.

    ``where`` is the name of its stack, or its own: both tell whose queue it watches.
    """
    if "AlarmRule" in alarm:
        return alarm["AlarmDescription"].rpartition("/")[2].removesuffix(".md")
    metric = _metric(alarm)
    if metric == "ApproximateNumberOfMessagesVisible":
        whose = OPERATIONS if OPERATIONS in where else "a model"
        return f"dead letters of {whose}"
    return metric


def candidate_s(symptom: Symptom) -> str:
    """Return the name of an alarm that a promotion makes on its candidate."""
    return f"candidate's {symptom.value}"


def _metric(alarm: Mapping[str, Any]) -> str:
    if "MetricName" in alarm:
        return alarm["MetricName"]
    by_id = {query["Id"]: query for query in alarm["Metrics"]}
    return by_id["errors"]["MetricStat"]["Metric"]["MetricName"]
