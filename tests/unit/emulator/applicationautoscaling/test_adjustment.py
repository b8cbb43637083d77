import pytest

from emulator.applicationautoscaling.adjustment import scaled_in, scaled_out


@pytest.mark.parametrize(
    ("current", "added", "values", "wanted"),
    [
        (2, 0, [150.0], 3),
        (2, 0, [110.0, 400.0, 150.0], 8),
        (1, 0, [100.1], 2),
        (3, 0, [100.0], 3),
        (2, 0, [], 2),
        (4, 2, [150.0], 4),
        (4, 2, [300.0], 6),
    ],
)
def test_scaling_out_is_proportional_to_the_highest_minute(current, added, values, wanted):
    assert scaled_out(current=current, added=added, values=values, target=100.0) == wanted


@pytest.mark.parametrize(
    ("current", "values", "wanted"),
    [
        (4, [0.0], 3),
        (4, [10.0, 60.0], 3),
        (4, [80.0], 4),
        (2, [40.0, 49.0], 1),
        (2, [51.0], 2),
        (2, [], 2),
    ],
)
def test_scaling_in_takes_one_away_where_the_rest_can_bear_it(current, values, wanted):
    assert scaled_in(current=current, values=values, target=100.0) == wanted


def test_rounding_errors_ask_for_no_instance():
    assert scaled_out(current=3, added=0, values=[0.1 + 0.2], target=0.3) == 3
