"""What CloudWatch tells the world when an alarm changes state.

Event: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
Lambda: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
The SNS message has no page of its own; its shape is that of the messages AWS sends.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.cloudwatch.alarm import Record
from emulator.cloudwatch.reason import stamp

_REGION_NAMES = {"us-east-1": "US East (N. Virginia)", "eu-west-1": "EU (Ireland)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A state as it was entered."""

    value: str
    reason: str
    reason_data: str | None
    at: datetime
    suppressed_by: str | None = None
    """What keeps a composite alarm from its actions."""

    def described(self) -> dict[str, Any]:
        state: dict[str, Any] = {"value": self.value, "reason": self.reason}
        if self.reason_data:
            state["reasonData"] = self.reason_data
        state["timestamp"] = stamp(self.at)
        if self.suppressed_by is not None:
            state["actionsSuppressedBy"] = self.suppressed_by
            state["actionsSuppressedReason"] = f"Actions suppressed by {self.suppressed_by}"
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An alarm's change from one state to another."""

    alarm: Record
    account_id: str
    region: str
    configured: datetime
    """When the alarm was last put."""
    before: Moment
    after: Moment

    def event_detail(self) -> dict[str, Any]:
        """Return the detail of ``CloudWatch Alarm State Change``."""
        return {
            "alarmName": self.alarm["AlarmName"],
            "state": self.after.described(),
            "previousState": self.before.described(),
            "configuration": _configuration(self.alarm),
        }

    def lambda_payload(self) -> dict[str, Any]:
        """Return what a Lambda function named as an action is invoked with."""
        return {
            "source": "aws.cloudwatch",
            "alarmArn": self.alarm["AlarmArn"],
            "accountId": self.account_id,
            "time": stamp(self.after.at),
            "region": self.region,
            "alarmData": self.event_detail(),
        }

    def subject(self) -> str:
        region = _REGION_NAMES.get(self.region, self.region)
        return f'{self.after.value}: "{self.alarm["AlarmName"]}" in {region}'[:100]

    def message(self) -> str:
        """Return the message published to an SNS topic."""
        alarm = self.alarm
        return json.dumps(
            {
                "AlarmName": alarm["AlarmName"],
                "AlarmDescription": alarm.get("AlarmDescription") or None,
                "AWSAccountId": self.account_id,
                "AlarmConfigurationUpdatedTimestamp": stamp(self.configured),
                "NewStateValue": self.after.value,
                "NewStateReason": self.after.reason,
                "StateChangeTime": stamp(self.after.at),
                "Region": _REGION_NAMES.get(self.region, self.region),
                "AlarmArn": alarm["AlarmArn"],
                "OldStateValue": self.before.value,
                "OKActions": alarm.get("OKActions") or [],
                "AlarmActions": alarm.get("AlarmActions") or [],
                "InsufficientDataActions": alarm.get("InsufficientDataActions") or [],
                **(self._children() if alarm.get("AlarmRule") else {"Trigger": _trigger(alarm)}),
            }
        )

    def _children(self) -> dict[str, Any]:
        """Return what a composite alarm's message has instead of a trigger."""
        told = json.loads(self.after.reason_data or "{}").get("triggeringAlarms", [])
        children = [
            {
                "Arn": each["arn"],
                "State": {"Value": each["state"]["value"], "Timestamp": each["state"]["timestamp"]},
            }
            for each in told
        ]
        return {"AlarmRule": self.alarm["AlarmRule"], "TriggeringChildren": children}


def _trigger(alarm: Record) -> dict[str, Any]:
    common = {
        "Period": alarm.get("Period"),
        "EvaluationPeriods": alarm.get("EvaluationPeriods"),
        "DatapointsToAlarm": alarm.get("DatapointsToAlarm"),
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": alarm.get("Threshold"),
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }
    common = {name: value for name, value in common.items() if value is not None}
    if alarm.get("Metrics"):
        return {**common, "Metrics": [_trigger_query(query) for query in alarm["Metrics"]]}
    extended = alarm.get("ExtendedStatistic")
    statistic = extended or str(alarm.get("Statistic") or "").upper()
    return {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        "Statistic": statistic,
        "Unit": alarm.get("Unit"),
        "Dimensions": _sns_dimensions(alarm.get("Dimensions") or ()),
        **common,
    }


def _trigger_query(query: Record) -> dict[str, Any]:
    described = {key: value for key, value in query.items() if key != "MetricStat"}
    described.setdefault("ReturnData", True)
    stat = query.get("MetricStat")
    if stat:
        metric = dict(stat["Metric"])
        metric["Dimensions"] = _sns_dimensions(metric.get("Dimensions") or ())
        described["MetricStat"] = {**stat, "Metric": metric}
    return described


def _sns_dimensions(dimensions: Any) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in dimensions]


def _configuration(alarm: Record) -> dict[str, Any]:
    described: dict[str, Any] = {}
    if alarm.get("AlarmDescription"):
        described["description"] = alarm["AlarmDescription"]
    if alarm.get("AlarmRule"):
        return {**described, **_rule(alarm)}
    if alarm.get("Metrics"):
        return {**described, "metrics": [_event_query(query) for query in alarm["Metrics"]]}
    stat = _event_stat(
        {"MetricName": alarm["MetricName"], "Namespace": alarm["Namespace"], **_dimensions(alarm)},
        alarm.get("Period"),
        alarm.get("ExtendedStatistic") or alarm.get("Statistic"),
        alarm.get("Unit"),
    )
    query_id = str(uuid.uuid5(uuid.NAMESPACE_URL, str(alarm["AlarmArn"])))
    return {**described, "metrics": [{"id": query_id, "metricStat": stat, "returnData": True}]}


def _rule(alarm: Record) -> dict[str, Any]:
    fields = (
        "AlarmRule",
        "ActionsSuppressor",
        "ActionsSuppressorWaitPeriod",
        "ActionsSuppressorExtensionPeriod",
    )
    given = [field for field in fields if alarm.get(field) is not None]
    return {f"{field[0].lower()}{field[1:]}": alarm[field] for field in given}


def _event_query(query: Record) -> dict[str, Any]:
    described: dict[str, Any] = {"id": query["Id"]}
    for name in ("Expression", "Label"):
        if query.get(name):
            described[name.lower()] = query[name]
    stat = query.get("MetricStat")
    if stat:
        described["metricStat"] = _event_stat(
            stat["Metric"], stat["Period"], stat["Stat"], stat.get("Unit")
        )
    return {**described, "returnData": query.get("ReturnData", True)}


def _event_stat(metric: Record, period: Any, statistic: Any, unit: Any) -> dict[str, Any]:
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or ()}
    described: dict[str, Any] = {
        "metric": {
            "namespace": metric["Namespace"],
            "name": metric["MetricName"],
            "dimensions": dimensions,
        },
        "period": period,
        "stat": statistic,
    }
    return {**described, "unit": unit} if unit else described


def _dimensions(alarm: Record) -> dict[str, Any]:
    return {"Dimensions": alarm.get("Dimensions") or []}
