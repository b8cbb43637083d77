from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.cloudwatch.evaluator import AlarmEvaluator, AlarmRecord, Finding
from emulator.cloudwatch.queries import Metric
from emulator.cloudwatch.statistics import Datum

START = datetime(2026, 11, 24, 6, 0, 10, tzinfo=UTC)


class Book:
    """An account with one clock, some alarms, some data."""

    def __init__(self, *alarms: AlarmRecord) -> None:
        self.now = START
        self.kept = list(alarms)
        self.changes: list[tuple[str, str, str]] = []
        self.evaluations = 0
        self.measured: dict[Metric, list[Datum]] = {}
        self.evaluator = AlarmEvaluator(self, lambda: self.now)
        self.evaluator.evaluate_due()

    def alarms(self) -> Iterable[AlarmRecord]:
        return self.kept

    def data(self, metric: Metric, since: float) -> Sequence[Datum]:
        return [datum for datum in self.measured.get(metric, []) if datum.timestamp >= since]

    def moments(self, metric: Metric, since: float) -> Sequence[float]:
        return [datum.timestamp for datum in self.data(metric, since)]

    def change(self, alarm: AlarmRecord, finding: Finding) -> None:
        alarm["StateValue"] = finding.state.value
        when = f"{finding.at:%H:%M:%S}"
        self.changes.append((when, finding.state.value, finding.reason))

    def put(self, value: float, *, at: datetime | None = None, **dimensions: str) -> None:
        metric = Metric(namespace="N", name="Errors", dimensions=frozenset(dimensions.items()))
        stamp = (at or self.now).timestamp()
        datum = Datum(timestamp=stamp, total=value, minimum=value, maximum=value)
        self.measured.setdefault(metric, []).append(datum)

    def advance(self, **delta: float) -> None:
        """Move as the account's clock does: from one due moment to the next."""
        end = self.now + timedelta(**delta)
        while (due := self.evaluator.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.evaluations += 1
            self.evaluator.evaluate_due()
        self.now = end

    def states(self) -> list[tuple[str, str]]:
        return [(when, state) for when, state, _ in self.changes]


def alarm(**changed: Any) -> AlarmRecord:
    record = {
        "AlarmName": "errors",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors",
        "Namespace": "N",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "Variant", "Value": "green"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0.5,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "StateValue": "INSUFFICIENT_DATA",
        **changed,
    }
    return {name: value for name, value in record.items() if value is not None}


def test_a_new_alarm_is_evaluated_at_the_next_full_minute() -> None:
    book = Book(alarm())
    book.advance(minutes=1)
    assert book.states() == [("06:01:00", "OK")]


def test_a_breaching_datapoint_alarms_once_its_minute_is_over_and_stays_for_the_range() -> None:
    book = Book(alarm())
    book.advance(seconds=80)
    book.put(0.9, Variant="green")
    book.advance(minutes=10)
    assert book.states() == [("06:01:00", "OK"), ("06:02:00", "ALARM"), ("06:05:00", "OK")]
    assert book.changes[1][2] == (
        "Threshold Crossed: 1 datapoint [0.9 (24/11/26 06:01:00)] was greater than the "
        "threshold (0.5)."
    )
    assert book.changes[2][2] == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was "
        "treated as [NonBreaching]."
    )


def test_datapoints_to_alarm_is_named_in_the_reason() -> None:
    book = Book(alarm(DatapointsToAlarm=1))
    book.put(0.9, Variant="green")
    book.advance(minutes=1)
    assert book.changes[-1][2] == (
        "Threshold Crossed: 1 out of the last 1 datapoints [0.9 (24/11/26 06:00:00)] was greater "
        "than the threshold (0.5) (minimum 1 datapoint for OK -> ALARM transition)."
    )


def test_a_metric_with_other_dimensions_is_another_metric() -> None:
    book = Book(alarm())
    book.put(9, Variant="blue")
    book.put(9, Variant="green", Endpoint="churn")
    book.put(9)
    book.advance(minutes=5)
    assert book.states() == [("06:01:00", "OK")]


def test_a_window_slides_by_the_minute_not_by_the_period() -> None:
    book = Book(alarm(Period=300))
    book.advance(minutes=1)
    book.put(0.3, Variant="green")
    book.advance(minutes=4)
    book.put(0.3, Variant="green")
    book.advance(minutes=2)
    assert book.states() == [("06:01:00", "OK"), ("06:06:00", "ALARM"), ("06:07:00", "OK")]


def test_late_data_are_judged_at_once_as_of_the_last_full_minute() -> None:
    book = Book(alarm(EvaluationPeriods=3, DatapointsToAlarm=1))
    book.advance(minutes=5)
    book.put(1, at=book.now - timedelta(minutes=2), Variant="green")
    book.evaluator.evaluate_due()
    assert book.states()[-1] == ("06:05:10", "ALARM")


def test_thirty_quiet_days_cost_no_evaluation() -> None:
    book = Book(alarm(Period=86400))
    book.put(1, Variant="green")
    book.advance(days=30)
    assert [state for _, state in book.states()] == ["ALARM", "OK"]
    assert book.evaluations < 6


def test_a_multi_day_alarm_is_evaluated_on_the_hour() -> None:
    book = Book(alarm(Period=86400, EvaluationPeriods=2, DatapointsToAlarm=1))
    book.put(1, Variant="green")
    book.advance(hours=2)
    assert book.states() == [("07:00:00", "ALARM")]


def test_an_alarm_without_data_says_how_many_datapoints_were_unknown() -> None:
    book = Book(alarm(TreatMissingData=None, StateValue="OK", EvaluationPeriods=2))
    book.advance(minutes=1)
    assert book.changes == [
        ("06:01:00", "INSUFFICIENT_DATA", "Insufficient Data: 2 datapoints were unknown.")
    ]


def test_metric_math_is_evaluated_period_by_period() -> None:
    def stat(name: str, variant: str) -> dict[str, Any]:
        metric = {
            "Namespace": "N",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "Variant", "Value": variant}],
        }
        stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
        return {"Id": name, "MetricStat": stat, "ReturnData": False}

    share = {"Id": "e1", "Expression": "IF(m2 > 0, FILL(m1, 0) / m2, 0)", "ReturnData": True}
    queries = [share, stat("m1", "bad"), stat("m2", "all")]
    book = Book(
        alarm(Metrics=queries, Period=None, Namespace=None, MetricName=None, Dimensions=None)
    )
    book.put(10, Variant="all")
    book.advance(minutes=1)
    book.put(10, Variant="all")
    book.put(6, Variant="bad")
    book.advance(minutes=1)
    assert book.states() == [("06:01:00", "OK"), ("06:02:00", "ALARM")]


def test_an_alarm_whose_state_was_set_by_hand_returns_at_the_next_minute() -> None:
    watched = alarm()
    book = Book(watched)
    book.advance(minutes=5)
    watched["StateValue"] = "ALARM"
    book.evaluator.restart(watched["AlarmArn"])
    book.advance(minutes=1)
    assert book.states() == [("06:01:00", "OK"), ("06:06:00", "OK")]
