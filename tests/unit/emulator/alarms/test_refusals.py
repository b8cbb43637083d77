from typing import Any

import pytest

from emulator.cloudwatch.refusals import refusal

GOOD: dict[str, Any] = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def test_a_complete_alarm_is_accepted() -> None:
    assert refusal({**GOOD, "ExtendedStatistic": "p99.9"}) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"ComparisonOperator": "GreaterThanUpperThreshold"},
            "ComparisonOperator GreaterThanUpperThreshold",
        ),
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "arn:aws:automate"),
        ({"TreatMissingData": "zero"}, "got zero"),
        ({"DatapointsToAlarm": 4}, "1 to EvaluationPeriods (3), got 4"),
        ({"ExtendedStatistic": "tm99"}, "statistic tm99"),
        ({"Threshold": None}, "Threshold is required"),
        ({"Period": None}, "Period is required"),
        ({"Metrics": [{"Id": "e1", "Expression": "RATE(m1)"}]}, "one Period"),
    ],
)
def test_a_refusal_names_what_is_wrong(changed: dict[str, Any], said: str) -> None:
    assert said in (refusal({**GOOD, **changed}) or "")
