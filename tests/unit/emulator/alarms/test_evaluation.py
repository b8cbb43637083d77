"""AWS's own tables of how alarms treat missing data.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from datetime import UTC, datetime, timedelta

import pytest

from emulator.cloudwatch.alarm import Comparison, Missing, Rule, State, rule_of
from emulator.cloudwatch.evaluation import Datapoint, Verdict, evaluate

KEEP = None
OK, ALARM, NO_DATA = State.OK, State.ALARM, State.INSUFFICIENT_DATA
TREATMENTS = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)

THREE_OF_THREE = [
    ("0 - X - X", 0, (OK, OK, OK, OK)),
    ("0 - - - -", 2, (OK, OK, OK, OK)),
    ("- - - - -", 3, (NO_DATA, KEEP, ALARM, OK)),
    ("0 X X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("- - X - -", 2, (ALARM, KEEP, ALARM, OK)),
]
TWO_OF_THREE = [
    ("0 - X - X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", 0, (ALARM, ALARM, ALARM, ALARM)),
    ("0 - X - -", 1, (OK, OK, ALARM, OK)),
    ("- - - - 0", 2, (OK, OK, ALARM, OK)),
    ("- - - X -", 2, (ALARM, KEEP, ALARM, OK)),
]
ROWS = [
    pytest.param(needed, data, treatment, filled, state, id=f"{needed} of 3: {data} {treatment}")
    for needed, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for data, filled, states in table
    for treatment, state in zip(TREATMENTS, states, strict=True)
]


def judge(data: str, *, needed: int, treatment: Missing) -> Verdict:
    rule = Rule(
        comparison=Comparison.GREATER,
        threshold=0.5,
        evaluation_periods=3,
        datapoints_to_alarm=needed,
        period=300,
        missing=treatment,
    )
    start = datetime(2026, 11, 24, 6, tzinfo=UTC)
    values = {"0": 0.0, "X": 1.0, "-": None}
    points = [
        Datapoint(start=start + timedelta(minutes=5 * index), value=values[mark])
        for index, mark in enumerate(data.split())
    ]
    return evaluate(rule, points)


@pytest.mark.parametrize(("needed", "data", "treatment", "filled", "state"), ROWS)
def test_the_state_is_that_of_the_documented_table(
    needed: int, data: str, treatment: Missing, filled: int, state: State | None
) -> None:
    verdict = judge(data, needed=needed, treatment=treatment)
    assert (verdict.state, verdict.filled) == (state, filled)


@pytest.mark.parametrize("data", ["- - - - X", "- - - X -"])
def test_a_first_breaching_datapoint_does_not_alarm_prematurely(data: str) -> None:
    assert judge(data, needed=3, treatment=Missing.MISSING).state is not State.ALARM


@pytest.mark.parametrize(
    ("comparison", "value", "breached"),
    [
        (Comparison.GREATER, 0.5, False),
        (Comparison.GREATER_OR_EQUAL, 0.5, True),
        (Comparison.LESS, 0.5, False),
        (Comparison.LESS_OR_EQUAL, 0.5, True),
    ],
)
def test_the_threshold_itself_breaches_only_with_or_equal(
    comparison: Comparison, value: float, breached: bool
) -> None:
    assert comparison.breached(value, 0.5) is breached


@pytest.mark.parametrize(
    ("period", "periods", "step"), [(10, 1, 10), (60, 5, 60), (86400, 1, 60), (86400, 2, 3600)]
)
def test_an_alarm_is_evaluated_as_often_as_aws_says(period: int, periods: int, step: int) -> None:
    rule = Rule(
        comparison=Comparison.GREATER, threshold=1, evaluation_periods=periods, period=period
    )
    assert rule.step == step


@pytest.mark.parametrize(
    ("statistic", "asked", "samples", "state"),
    [
        ("p50", "ignore", 19, KEEP),
        ("p50", "ignore", 20, ALARM),
        ("p99", "ignore", 999, KEEP),
        ("p99", "ignore", 1001, ALARM),
        ("p10", "ignore", 99, KEEP),
        ("p50", "evaluate", 1, ALARM),
        ("p50", None, 1, ALARM),
    ],
)
def test_a_percentile_of_too_few_samples_changes_no_state_where_it_is_ignored(
    statistic: str, asked: str | None, samples: int, state: State | None
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"""
    rule = rule_of(
        {
            "Namespace": "AWS/SageMaker",
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 1,
            "EvaluationPeriods": 1,
            "Period": 60,
            "ExtendedStatistic": statistic,
            "EvaluateLowSampleCountPercentile": asked,
            "TreatMissingData": "notBreaching",
        }
    )
    start = datetime(1997, 7, 1, tzinfo=UTC)
    missing = [Datapoint(start=start, value=None)] * 2

    assert evaluate(rule, missing).state is OK
    found = Datapoint(start=start, value=5.0, sample_count=samples)
    assert evaluate(rule, [*missing, found]).state is state
