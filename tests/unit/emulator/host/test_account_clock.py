"""The walk of an advance, on time that moves only when told."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from emulator.account_clock import AccountClock
from emulator.clock import ClockStopped

MAY = datetime(1997, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class HandTime:
    """Time that moves by hand only."""

    def __init__(self) -> None:
        self.moment = MAY

    def now(self) -> datetime:
        return self.moment

    def shift(self, by: timedelta) -> None:
        self.moment += by


class Daily:
    """A source that falls due each midnight and notes when it ran."""

    def __init__(self, clock: AccountClock, every: timedelta = DAY) -> None:
        self._clock = clock
        self._every = every
        self.due = MAY + every
        self.ran: list[datetime] = []

    def next_due(self) -> datetime:
        return self.due

    def run(self) -> None:
        self.ran.append(self._clock.now())
        self.due += self._every


@pytest.fixture
def clock() -> Iterator[AccountClock]:
    made = AccountClock(HandTime())
    yield made
    made.stop()


def _blocked(clock: AccountClock, seconds: float, woke: list[datetime]) -> threading.Thread:
    def sleep() -> None:
        clock.sleep(seconds)
        woke.append(clock.now())

    thread = threading.Thread(target=sleep)
    thread.start()
    _until_asleep(clock, 1)
    return thread


def _until_asleep(clock: AccountClock, count: int) -> None:
    reached = threading.Event()
    while len(clock._sleepers) < count:  # pyright: ignore[reportPrivateUsage]
        reached.wait(0.001)


def test_an_advance_ends_at_its_target(clock: AccountClock):
    assert clock.advance_to(MAY + DAY) == MAY + DAY
    assert clock.now() == MAY + DAY


def test_a_source_runs_once_per_occurrence_at_its_own_time(clock: AccountClock):
    daily = Daily(clock)
    clock.add_source(daily.next_due, daily.run)
    clock.advance_to(MAY + timedelta(days=7, hours=3))
    assert daily.ran == [MAY + DAY * n for n in range(1, 8)]


def test_what_is_due_at_the_target_itself_runs(clock: AccountClock):
    daily = Daily(clock)
    clock.add_source(daily.next_due, daily.run)
    clock.advance_to(MAY + DAY)
    assert daily.ran == [MAY + DAY]


def test_two_sources_run_in_the_order_of_time(clock: AccountClock):
    often, seldom = Daily(clock, timedelta(hours=10)), Daily(clock)
    order: list[str] = []
    clock.add_source(seldom.next_due, lambda: (order.append("seldom"), seldom.run()))
    clock.add_source(often.next_due, lambda: (order.append("often"), often.run()))
    clock.advance_to(MAY + timedelta(hours=31))
    assert order == ["often", "often", "seldom", "often"]


def test_a_failing_source_does_not_stop_the_walk(
    clock: AccountClock, caplog: pytest.LogCaptureFixture
):
    daily = Daily(clock)

    def fail() -> None:
        daily.run()
        raise RuntimeError("no such target")

    clock.add_source(daily.next_due, fail)
    clock.advance_to(MAY + 2 * DAY)
    assert len(daily.ran) == 2
    assert "no such target" in caplog.text


def test_a_source_that_stays_due_ends_the_walk_with_an_error(clock: AccountClock):
    clock.add_source(lambda: MAY + DAY, lambda: False)
    with pytest.raises(RuntimeError, match=r"due at 1997-05-02T00:00:00\+00:00 stays due"):
        clock.advance_to(MAY + 2 * DAY)


def test_a_sleeper_wakes_at_its_deadline_within_an_advance(clock: AccountClock):
    woke: list[datetime] = []
    thread = _blocked(clock, 3600, woke)
    clock.advance_to(MAY + DAY)
    thread.join(5)
    assert woke == [MAY + timedelta(hours=1)]


def test_a_sleeper_that_sleeps_again_is_waited_for(clock: AccountClock):
    woke: list[datetime] = []

    def retry() -> None:
        for seconds in (60, 120, 240):
            clock.sleep(seconds)
            woke.append(clock.now())

    thread = threading.Thread(target=retry)
    thread.start()
    _until_asleep(clock, 1)
    clock.advance_to(MAY + DAY)
    thread.join(5)
    assert woke == [MAY + timedelta(minutes=m) for m in (1, 3, 7)]


def test_a_wait_ends_with_its_event_without_time_passing(clock: AccountClock):
    event = threading.Event()
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(clock.wait(event, 3600)))
    thread.start()
    _until_asleep(clock, 1)
    event.set()
    thread.join(5)
    assert answers == [True]
    assert clock.now() == MAY


def test_a_wait_times_out_when_its_seconds_have_passed(clock: AccountClock):
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(clock.wait(threading.Event(), 60)))
    thread.start()
    _until_asleep(clock, 1)
    clock.advance_to(MAY + timedelta(minutes=2))
    thread.join(5)
    assert answers == [False]


def test_a_stopped_clock_wakes_every_sleeper(clock: AccountClock):
    raised: list[type[Exception]] = []

    def sleep() -> None:
        try:
            clock.sleep(3600)
        except ClockStopped as error:
            raised.append(type(error))

    threads = [threading.Thread(target=sleep) for _ in range(3)]
    for thread in threads:
        thread.start()
    _until_asleep(clock, 3)
    clock.stop()
    for thread in threads:
        thread.join(5)
    assert raised == [ClockStopped] * 3


def test_a_step_waits_for_what_it_set_off(clock: AccountClock):
    daily = Daily(clock)
    working = threading.Event()
    finished: list[datetime] = []

    def invoke() -> None:
        daily.run()
        working.set()
        thread = threading.Timer(0.1, finish)
        thread.start()

    def finish() -> None:
        finished.append(clock.now())
        working.clear()

    clock.add_source(daily.next_due, invoke)
    clock.add_activity(working.is_set)
    clock.advance_to(MAY + 2 * DAY + timedelta(hours=1))
    assert finished == [MAY + DAY, MAY + 2 * DAY]


def test_patience_bounds_what_a_step_waits_and_says_so(
    clock: AccountClock, caplog: pytest.LogCaptureFixture
):
    daily = Daily(clock)
    clock.add_source(daily.next_due, daily.run)
    clock.add_activity(lambda: True)
    assert clock.advance_to(MAY + 3 * DAY, patience=0.02) == MAY + 3 * DAY
    assert "going on, though work goes on after 0.02 s" in caplog.text


def test_an_advance_by_nothing_runs_what_is_due(clock: AccountClock):
    daily = Daily(clock, timedelta())
    daily.due = MAY
    clock.add_source(lambda: None if daily.ran else MAY, daily.run)
    assert clock.advance(timedelta()) == MAY
    assert daily.ran == [MAY]


def test_an_advance_is_not_negative(clock: AccountClock):
    with pytest.raises(ValueError, match="only goes forward, asked for -60 s"):
        clock.advance(timedelta(seconds=-60))


def test_the_clock_does_not_go_back(clock: AccountClock):
    with pytest.raises(ValueError, match="only goes forward: it is 1997-05-01"):
        clock.advance_to(MAY - DAY)


def test_a_time_without_a_zone_is_refused(clock: AccountClock):
    with pytest.raises(ValueError, match="needs a time with a zone, got 1997-06-01T00:00:00"):
        clock.advance_to(datetime(1997, 6, 1))  # noqa: DTZ001


def test_real_ticking_runs_what_has_fallen_due():
    time = HandTime()
    clock = AccountClock(time)
    daily = Daily(clock)
    ran = threading.Event()
    clock.add_source(daily.next_due, lambda: (daily.run(), ran.set()))
    clock.start()
    time.moment = MAY + DAY
    assert ran.wait(5)
    clock.stop()


def test_what_goes_on_by_itself_is_done_before_time_jumps(clock: AccountClock):
    daily = Daily(clock)
    prepared: list[datetime] = []
    clock.add_preparation(lambda: prepared.append(clock.now()))
    clock.add_source(daily.next_due, daily.run)
    clock.advance(DAY + DAY / 2)
    assert prepared == [MAY, MAY + DAY]


def test_a_failing_preparation_does_not_stop_the_walk(
    clock: AccountClock, caplog: pytest.LogCaptureFixture
):
    def fail() -> None:
        raise OSError("no answer")

    clock.add_preparation(fail)
    assert clock.advance(DAY) == MAY + DAY
    assert "no answer" in caplog.text
