"""Drills of what callers feel: a version that breaks later than its promotion looked."""

import time

import pytest

from tests.drills import instances
from tests.drills.alarm_names import INCIDENT, WARNING
from tests.drills.duty import Duty
from tests.drills.fragile import Fragile

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

_A_MINUTE_S_REQUESTS = 6
"""Of five minutes: more than the card's min_requests."""


def rolled_back(duty: Duty, runbook: str, placeholder: str, said: str) -> None:
    before = duty.platform.champion().version
    duty.follow(runbook, "perennial status")
    duty.follow(runbook, "perennial rollback", {placeholder: said})
    duty.platform.come_to_rest()
    assert duty.platform.champion().version != before


def test_a_version_that_fails_is_rolled_back(duty: Duty, fragile: Fragile) -> None:
    fragile.serve()
    alarms = ("Invocation5XXErrors", INCIDENT)
    duty.begin()

    def callers() -> None:
        duty.ask(_A_MINUTE_S_REQUESTS, provoking="5xx")
        duty.ask(1, provoking="slow")

    duty.each_minute(callers, until=lambda: duty.detects(*alarms))
    duty.each_minute(callers, until=lambda: duty.detects("ModelLatency"))
    assert len(duty.told(INCIDENT)) == 1
    duty.each_minute(callers, until=lambda: WARNING in duty.on())
    assert duty.told(WARNING) == [], "one cause is told once"

    assert "docs/runbooks/endpoint-5xx.md" in duty.follow(INCIDENT, "perennial status")
    rolled_back(duty, "endpoint-5xx", "what callers see", "requests end in 5xx")

    duty.each_minute(callers, until=lambda: duty.recovers(*alarms))
    duty.assert_told_that_it_is_over(INCIDENT)


@pytest.mark.exhaustive
def test_a_version_that_is_slow_is_rolled_back(duty: Duty, fragile: Fragile) -> None:
    fragile.serve()
    duty.begin()

    def callers() -> None:
        duty.ask(2, provoking="slow")

    duty.each_minute(callers, until=lambda: duty.detects("ModelLatency"))
    rolled_back(duty, "endpoint-latency", "how slow, since when", "1.5 s, since just now")
    duty.each_minute(callers, until=lambda: duty.recovers("ModelLatency"))


def test_refused_callers_mend_their_requests(duty: Duty) -> None:
    alarms = ("Invocation4XXErrors", WARNING)
    duty.begin()
    duty.each_minute(
        lambda: duty.ask(_A_MINUTE_S_REQUESTS, body=b"1,2\n"),
        until=lambda: duty.detects(*alarms) and bool(duty.told(WARNING)),
    )
    assert "docs/runbooks/endpoint-4xx.md" in duty.follow("endpoint-4xx", "perennial status")
    duty.follow("endpoint-4xx", "perennial ledger")
    duty.each_minute(lambda: duty.ask(_A_MINUTE_S_REQUESTS), until=lambda: duty.recovers(*alarms))
    duty.assert_told_that_it_is_over(WARNING)


@pytest.mark.exhaustive
@pytest.mark.parametrize("resource", instances.METRICS)
def test_a_full_instance_is_replaced(duty: Duty, fragile: Fragile, resource: str) -> None:
    fragile.serve()
    duty.calm()
    alarm = instances.METRICS[resource]

    def callers() -> None:
        """Ask for a second and a half: what instances use is measured in real time."""
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            duty.ask(4, provoking=resource)

    with instances.small(duty, resource):
        duty.begin()
        duty.each_minute(callers, until=lambda: duty.detects(alarm))
        rolled_back(duty, "endpoint-saturated", "what is full", alarm)
        duty.each_minute(callers, until=lambda: duty.recovers(alarm))
