from datetime import timedelta

import pytest

from emulator.cloudwatch.idle import edges, with_zeros
from emulator.cloudwatch.statistics import Datum
from tests.unit.emulator.alarms.test_evaluator import START, Book, alarm

HOUR = 3600.0


def datum(moment, value=1.0):
    return Datum(timestamp=moment, total=value, minimum=value, maximum=value)


def test_each_full_minute_without_data_is_a_zero():
    found = with_zeros([datum(70.0)], begin=0.0, since=0.0, until=240.0)
    assert [(one.timestamp, one.total) for one in found] == [
        (0.0, 0.0),
        (70.0, 1.0),
        (120.0, 0.0),
        (180.0, 0.0),
    ]


def test_before_it_begins_and_in_the_running_minute_there_is_no_zero():
    found = with_zeros([], begin=61.0, since=0.0, until=199.0)
    assert [one.timestamp for one in found] == [120.0]


@pytest.mark.parametrize(
    ("recorded", "begin", "since", "expected"),
    [
        ([], 30.0, 0.0, [60.0]),
        ([], 30.0, HOUR, []),
        ([600.0], 0.0, 0.0, [0.0, 540.0, 660.0]),
        ([600.0, 660.0, 800.0], 0.0, 540.0, [540.0, 720.0, 840.0]),
    ],
)
def test_only_the_ends_of_a_gap_change_anything(recorded, begin, since, expected):
    assert edges(recorded, begin=begin, since=since) == expected


class IdleBook(Book):
    """As the account's book: a metric that is zero when nothing happens."""

    begin = START.timestamp()

    def data(self, metric, since):
        recorded = super().data(metric, since)
        return with_zeros(recorded, begin=self.begin, since=since, until=self.now.timestamp())

    def moments(self, metric, since):
        recorded = [one.timestamp for one in super().data(metric, since)]
        return sorted([*recorded, *edges(recorded, begin=self.begin, since=since)])


def low():
    return alarm(
        ComparisonOperator="LessThanThreshold",
        Threshold=9.0,
        EvaluationPeriods=15,
        TreatMissingData="missing",
    )


def test_fifteen_silent_minutes_ring_and_a_silent_year_is_not_walked_minute_by_minute():
    book = IdleBook(low())
    for _ in range(5):
        book.put(20.0, Variant="green")
        book.advance(minutes=1)
    book.advance(days=365)
    last = START + timedelta(minutes=4)
    rung = (last.replace(second=0) + timedelta(minutes=16)).strftime("%H:%M:%S")
    assert (rung, "ALARM") in book.states()
    assert book.states()[-1][1] == "ALARM"
    assert book.evaluations < 60


def test_a_request_in_a_silent_year_ends_the_alarm_and_silence_rings_it_again():
    book = IdleBook(low())
    book.advance(days=200)
    book.put(20.0, Variant="green")
    book.advance(minutes=2)
    assert book.states()[-1][1] == "OK"
    book.advance(days=165)
    assert book.states()[-1][1] == "ALARM"
    assert book.evaluations < 120
