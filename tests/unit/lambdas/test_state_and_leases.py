from datetime import timedelta

import pytest

from contracts import moment
from lambdas.adapters.leases import Leases
from lambdas.adapters.state import StateTable

NOON = moment.parse("1997-07-01T12:00:00Z")
LATER = NOON + timedelta(hours=12)


@pytest.fixture
def leases(state_table: StateTable) -> Leases:
    return Leases(state_table, "lease#churn")


def test_an_item_comes_back_as_plain_numbers_and_text(state_table: StateTable) -> None:
    state_table.write("thing", {"count": 3, "share": 0.25, "name": "a", "flag": True})

    assert state_table.read("thing") == {"count": 3, "share": 0.25, "name": "a", "flag": True}
    assert state_table.read("nothing") is None


def test_only_the_first_of_two_creations_makes_the_item(state_table: StateTable) -> None:
    assert state_table.create("thing", {"by": "first"})
    assert not state_table.create("thing", {"by": "second"})
    assert state_table.read("thing") == {"by": "first"}


def test_a_held_lease_is_not_taken(leases: Leases) -> None:
    assert leases.take("one", as_of=NOON, until=LATER, after=None)
    assert not leases.take("two", as_of=NOON, until=LATER, after=None)

    held = leases.current()
    assert held is not None
    assert (held.owner, held.token, held.since) == ("one", 1, NOON)


def test_the_token_grows_with_each_holder_and_survives_the_release(leases: Leases) -> None:
    leases.take("one", as_of=NOON, until=LATER, after=None)
    leases.release("one")
    assert leases.current() is None
    leases.take("two", as_of=NOON, until=LATER, after=None)

    held = leases.current()
    assert held is not None
    assert held.token == 2


def test_a_lease_left_behind_is_taken_over_by_one_only(leases: Leases) -> None:
    leases.take("one", as_of=NOON, until=LATER, after=None)
    left = leases.current()

    assert leases.take("two", as_of=LATER, until=LATER, after=left)
    assert not leases.take("three", as_of=LATER, until=LATER, after=left)
    held = leases.current()
    assert held is not None
    assert (held.owner, held.token) == ("two", 2)


def test_only_the_holder_releases(leases: Leases) -> None:
    leases.take("one", as_of=NOON, until=LATER, after=None)

    assert not leases.release("two")
    assert leases.release("one")
    assert not leases.release("one")


def test_a_started_run_says_so_once_and_its_lease_is_not_abandoned(leases: Leases) -> None:
    leases.take("one", as_of=NOON, until=NOON + timedelta(minutes=15), after=None)

    assert leases.started("one", until=LATER, hours=12)
    assert not leases.started("one", until=LATER, hours=12)
    assert not leases.abandon("one")
    held = leases.current()
    assert held is not None
    assert held.expires_at == LATER
    assert leases.hours() == 12


def test_a_lease_expires_at_its_very_moment(leases: Leases) -> None:
    leases.take("one", as_of=NOON, until=LATER, after=None)
    held = leases.current()

    assert held is not None
    assert not held.expired(LATER - timedelta(seconds=1))
    assert held.expired(LATER)
