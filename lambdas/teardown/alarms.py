"""The rollback alarms of one model's deployments, deleted by prefix."""

from typing import Any

_BATCH = 100
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html"""


class Alarms:
    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def delete_all(self, prefix: str) -> int:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"]
        )
        names = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
        for start in range(0, len(names), _BATCH):
            self._cloudwatch.delete_alarms(AlarmNames=names[start : start + _BATCH])
        return len(names)
