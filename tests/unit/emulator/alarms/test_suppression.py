"""AWS's examples of suppressed actions: a WaitPeriod of 2 units, an ExtensionPeriod of 3.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

import pytest

from emulator.cloudwatch.suppression import Suppression, Suppressor

COMPOSITE, ON, OFF = "composite", "suppressor on", "suppressor off"


def acted(*events: tuple[int, str], until: int = 20, on: bool = False) -> list[tuple[int, str]]:
    """Return when actions were taken and, for each unit until then, what suppressed them."""
    one = Suppression(settings=Suppressor(alarm="s", wait=2, extension=3))
    taken: list[tuple[int, str]] = []
    for moment in range(until):
        acts = one.passed(moment)
        for at, what in events:
            if at != moment:
                continue
            if what == COMPOSITE:
                acts = one.transitioned(moment, suppressor_on=on) or acts
            else:
                on = what == ON
                acts = one.suppressor_changed(moment, on=on) or acts
        if acts:
            taken.append((moment, "acts"))
    return taken


@pytest.mark.parametrize(
    ("number", "events", "expected"),
    [
        (1, [(2, COMPOSITE)], [4]),
        (2, [(2, COMPOSITE), (3, ON)], []),
        (3, [(2, COMPOSITE), (3, COMPOSITE)], [5]),
        (4, [(1, ON), (2, COMPOSITE)], []),
        (5, [(2, COMPOSITE), (3, ON), (6, OFF)], [9]),
        (6, [(2, COMPOSITE), (3, ON), (6, OFF), (7, COMPOSITE)], [9]),
    ],
)
def test_actions_are_taken_when_the_documented_example_says(
    number: int, events: list[tuple[int, str]], expected: list[int]
) -> None:
    assert [moment for moment, _ in acted(*events)] == expected, f"example {number}"


def test_a_state_that_was_told_before_is_not_told_again_when_the_suppressor_ends() -> None:
    assert acted((2, COMPOSITE), (6, ON), (9, OFF)) == [(4, "acts")]


def test_without_periods_actions_wait_for_nothing_but_the_suppressor() -> None:
    one = Suppression(settings=Suppressor(alarm="s", wait=0, extension=0))
    assert one.transitioned(1, suppressor_on=False)
    assert not one.suppressor_changed(2, on=True)
    assert not one.transitioned(3, suppressor_on=True)
    assert one.suppressor_changed(4, on=False)


def test_what_suppresses_is_shown_while_it_does() -> None:
    one = Suppression(settings=Suppressor(alarm="s", wait=2, extension=3))
    assert one.described() == {}
    one.transitioned(1, suppressor_on=False)
    assert one.described()["ActionsSuppressedBy"] == "WaitPeriod"
    one.suppressor_changed(2, on=True)
    assert one.described()["ActionsSuppressedReason"] == "Actions suppressed by Alarm"
    one.suppressor_changed(3, on=False)
    assert one.described()["ActionsSuppressedBy"] == "ExtensionPeriod"
    assert one.passed(6)
    assert one.described() == {}


def test_a_suppressor_that_was_never_on_starts_no_extension() -> None:
    one = Suppression(settings=Suppressor(alarm="s", wait=2, extension=3))
    assert not one.suppressor_changed(1, on=False)
    assert one.until is None
