import pytest

from emulator.cloudwatch.expression import Series, UnsupportedExpression, parse

SERIES: dict[str, Series] = {"m1": [1, None, 3], "m2": [2, 0, 0]}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("m1 + m2 * 2", [5, None, 3]),
        ("(m1 + 1) / m2", [1, None, None]),
        ("-m1 - 1", [-2, None, -4]),
        ("FILL(m1, 0)", [1, 0, 3]),
        ("FILL(m1, REPEAT)", [1, 1, 3]),
        ("IF(m2 > 1, m1, 7)", [1, 7, 7]),
        ("IF(m2 == 0 AND m1 > 2, 1, 0)", [0, None, 1]),
        ("SUM([m1, m2])", [3, 0, 3]),
        ("MAX(METRICS())", [2, 0, 3]),
        ("AVG([m1, m2])", [1.5, 0, 1.5]),
        ("100 * ABS(0 - m1)", [100, None, 300]),
    ],
)
def test_metric_math_gives_a_value_per_period(text: str, values: Series) -> None:
    assert parse(text).values(SERIES, ["m1", "m2"]) == values


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND"),
        ("RATE(m1)", "RATE"),
        ("m1 +", "cannot be read"),
        ("m1.real", "Attribute"),
        ("[x for x in m1]", "ListComp"),
        ("m1 ** 2", "Pow"),
        ("'a'", "not a number"),
        ("SUM(m1)", "SUM"),
        ("IF(m1)", "IF"),
        ("__import__('os')", "__import__"),
    ],
)
def test_what_is_not_understood_is_named(text: str, named: str) -> None:
    with pytest.raises(UnsupportedExpression, match=named):
        parse(text)
