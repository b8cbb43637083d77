import pytest

from emulator.ministack.retries import delay, matches


@pytest.mark.parametrize(
    ("names", "error", "matched"),
    [
        (["States.ALL"], "Anything", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.ALL"], "States.Runtime", False),
        (["States.TaskFailed"], "SageMaker.ResourceInUseException", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["Broken"], "Broken", True),
        (["Broken"], "Other", False),
    ],
)
def test_an_error_matches_as_the_guide_says(names: list[str], error: str, matched: bool) -> None:
    assert matches(names, error) is matched


def test_delays_grow_by_the_backoff_rate_up_to_the_longest() -> None:
    retrier = {"IntervalSeconds": 3, "BackoffRate": 2, "MaxDelaySeconds": 20}
    assert [delay(retrier, attempt) for attempt in range(4)] == [3, 6, 12, 20]


def test_a_retrier_without_settings_waits_one_second_and_doubles() -> None:
    assert [delay({}, attempt) for attempt in range(3)] == [1, 2, 4]


def test_full_jitter_draws_below_the_delay() -> None:
    drawn = [delay({"IntervalSeconds": 8, "JitterStrategy": "FULL"}, 0) for _ in range(200)]
    assert 0 <= min(drawn) < 3
    assert 5 < max(drawn) <= 8
