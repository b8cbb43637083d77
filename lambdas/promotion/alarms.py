"""The alarms on a candidate's own configuration, which roll its deployment back."""

from collections.abc import Sequence
from typing import Any

from contracts import naming

_SYMPTOM = "5xx"
_RUNBOOK = "docs/runbooks/candidate-rolled-back.md"


def names(deployment: str) -> list[str]:
    return [naming.rollback_alarm(deployment, _SYMPTOM)]


class RollbackAlarms:
    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch

    def ensure(self, deployment: str, *, endpoint: str, max_5xx: int) -> list[str]:
        """Watch this configuration alone: without its dimension old and new would be mixed.

        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
        """
        [name] = names(deployment)
        dimensions = {
            "EndpointName": endpoint,
            "VariantName": naming.VARIANT,
            "EndpointConfigName": deployment,
        }
        self._cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"{deployment} answered with 5xx: it is rolled back. See {_RUNBOOK}",
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            DatapointsToAlarm=1,
            Threshold=max_5xx,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        return [name]

    def why(self, deployment: str) -> str | None:
        """The reason of an alarm that is in ALARM now."""
        for alarm in self._found(deployment):
            if alarm["StateValue"] == "ALARM":
                return f"{alarm['AlarmName']}: {alarm.get('StateReason', 'no reason given')}"
        return None

    def delete(self, deployment: str) -> None:
        """Delete those that exist: DeleteAlarms fails whole when one of its names is unknown."""
        found = [alarm["AlarmName"] for alarm in self._found(deployment)]
        if found:
            self._cloudwatch.delete_alarms(AlarmNames=found)

    def _found(self, deployment: str) -> Sequence[dict[str, Any]]:
        answer = self._cloudwatch.describe_alarms(
            AlarmNames=names(deployment), AlarmTypes=["MetricAlarm"]
        )
        return answer["MetricAlarms"]
