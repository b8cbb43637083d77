"""The rollback alarms in CloudWatch: put before the update, asked why after it, then deleted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from lambdas.promotion.symptoms import names


class RollbackAlarms:
    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def ensure(self, alarms: Iterable[dict[str, Any]]) -> None:
        for alarm in alarms:
            self._cloudwatch.put_metric_alarm(**alarm)

    def ringing(self, deployment: str) -> str | None:
        """The reason of an alarm that is in ALARM now."""
        for alarm in self._found(deployment):
            if alarm["StateValue"] == "ALARM":
                return _sentence(alarm, alarm.get("StateReason", "no reason given"))
        return None

    def why(self, deployment: str, *, since: datetime) -> str | None:
        """The reason of an alarm that is on, or was: without traffic it soon is off again."""
        if (ringing := self.ringing(deployment)) is not None:
            return ringing
        for alarm in self._found(deployment):
            told = self._cloudwatch.describe_alarm_history(
                AlarmName=alarm["AlarmName"],
                HistoryItemType="StateUpdate",
                StartDate=since,
                ScanBy="TimestampDescending",
            )
            for item in told["AlarmHistoryItems"]:
                if "to ALARM" in item["HistorySummary"]:
                    return _sentence(alarm, item["HistorySummary"])
        return None

    def delete(self, deployment: str) -> None:
        """Delete those that exist: DeleteAlarms fails whole when one of its names is unknown."""
        found = [alarm["AlarmName"] for alarm in self._found(deployment)]
        if found:
            self._cloudwatch.delete_alarms(AlarmNames=found)

    def _found(self, deployment: str) -> list[dict[str, Any]]:
        answer = self._cloudwatch.describe_alarms(
            AlarmNames=names(deployment), AlarmTypes=["MetricAlarm"], MaxRecords=100
        )
        return answer["MetricAlarms"]


def _sentence(alarm: dict[str, Any], reason: str) -> str:
    what = alarm.get("AlarmDescription", "").partition(": it is rolled back")[0]
    return f"{alarm['AlarmName']}: {what} ({reason})"
