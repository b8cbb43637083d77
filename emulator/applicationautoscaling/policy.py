"""A target tracking policy and the two CloudWatch alarms that it consists of.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from emulator.applicationautoscaling.errors import unsupported, validation
from emulator.applicationautoscaling.target import Resource

_COOLDOWN = 300
"""Of SageMaker's variants, in both directions:
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html"""
_LOW_SHARE = 0.9
_PREDEFINED = "SageMakerVariantInvocationsPerInstance"


class Direction(StrEnum):
    OUT = "AlarmHigh"
    IN = "AlarmLow"

    @property
    def minutes(self) -> int:
        """Datapoints of a minute that must all breach: fast out, slowly in."""
        return 3 if self is Direction.OUT else 15


@dataclass(slots=True, kw_only=True)
class Policy:
    name: str
    arn: str
    resource: Resource
    created: datetime
    configuration: Mapping[str, Any]
    alarms: dict[Direction, str]
    """The names of its alarms."""
    ringing: set[Direction] = field(default_factory=set[Direction])
    """What the alarms said last; whoever acts asks them again."""

    @property
    def target(self) -> float:
        return float(self.configuration["TargetValue"])

    @property
    def scales_in(self) -> bool:
        return not self.configuration.get("DisableScaleIn", False)

    def cooldown(self, direction: Direction) -> int:
        member = "ScaleOutCooldown" if direction is Direction.OUT else "ScaleInCooldown"
        return self.configuration.get(member, _COOLDOWN)

    def described(self, alarm_arn: Mapping[Direction, str]) -> dict[str, Any]:
        return {
            **self.resource.named(),
            "PolicyARN": self.arn,
            "PolicyName": self.name,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": dict(self.configuration),
            "Alarms": [
                {"AlarmName": name, "AlarmARN": alarm_arn[direction]}
                for direction, name in self.alarms.items()
            ],
            "CreationTime": self.created,
        }

    def alarm(self, direction: Direction) -> dict[str, Any]:
        """Return one of the alarms as PutMetricAlarm takes it."""
        out = direction is Direction.OUT
        return {
            "AlarmName": self.alarms[direction],
            "AlarmDescription": "DO NOT EDIT OR DELETE. "
            f"For TargetTrackingScaling policy {self.arn}.",
            "ActionsEnabled": True,
            "AlarmActions": [self.arn],
            "EvaluationPeriods": direction.minutes,
            "Threshold": self.target if out else self.target * _LOW_SHARE,
            "ComparisonOperator": "GreaterThanThreshold" if out else "LessThanThreshold",
            "TreatMissingData": "missing",
            **_metric(self.configuration, self.resource),
        }


def checked(configuration: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the configuration, or raise for one that is wrong or not emulated."""
    if configuration is None:
        raise validation("TargetTrackingScalingPolicyConfiguration is required")
    given = [
        name
        for name in ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
        if name in configuration
    ]
    if len(given) != 1:
        raise validation(
            "Specify either a PredefinedMetricSpecification or a CustomizedMetricSpecification, "
            f"got {' and '.join(given) or 'neither'}"
        )
    if configuration["TargetValue"] <= 0:
        raise validation(f"TargetValue must be more than 0, got {configuration['TargetValue']}")
    predefined = configuration.get("PredefinedMetricSpecification")
    if predefined is not None and predefined["PredefinedMetricType"] != _PREDEFINED:
        kind = predefined["PredefinedMetricType"]
        raise unsupported(f"PredefinedMetricType {kind} ({_PREDEFINED} only)")
    return configuration


def _metric(configuration: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-define.html"""
    customized = configuration.get("CustomizedMetricSpecification")
    if customized is None:
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": "InvocationsPerInstance",
            "Dimensions": [
                {"Name": "EndpointName", "Value": resource.endpoint},
                {"Name": "VariantName", "Value": resource.variant},
            ],
            "Statistic": "Sum",
            "Period": 60,
        }
    if "Metrics" not in customized:
        return {**customized, "Period": 60}
    metrics = [dict(query) for query in customized["Metrics"]]
    for query in metrics:
        if "MetricStat" in query:
            query["MetricStat"] = {**query["MetricStat"], "Period": 60}
    return {"Metrics": metrics}
