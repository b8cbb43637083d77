"""Which calls a fault meets, and which of them it acts on."""

from typing import Any

import pytest

from emulator.faults.book import FaultBook
from emulator.faults.callers import Caller, Callers, Kind

JOB = Caller(kind=Kind.JOB, name="churn-1", kill=lambda: None)
HANDLER = Caller(kind=Kind.HANDLER, name="gate", invocation="r-1")
AWS = Caller(kind=Kind.SERVICE, name="aws")


@pytest.fixture
def book() -> FaultBook:
    return FaultBook(Callers())


def met(book: FaultBook, caller: Caller, times: int = 1) -> list[bool]:
    return [book.meet(caller, "s3", "PutObject") is not None for _ in range(times)]


def fault(**changes: Any) -> dict[str, Any]:
    return {"service": "s3", "operation": "PutObject", "effect": "error", **changes}


def test_it_skips_the_first_and_acts_as_often_as_asked(book: FaultBook) -> None:
    book.add(fault(skip=2, times=2))
    assert met(book, JOB, 6) == [False, False, True, True, False, False]
    assert book.hits({}) == {"faults": {"1": {"met": 6, "acted": 2}}}


def test_without_a_caller_it_means_the_platform_s_and_not_aws_s_own(book: FaultBook) -> None:
    book.add(fault(times=None))
    assert (met(book, AWS), met(book, JOB), met(book, HANDLER)) == ([False], [True], [True])


def test_a_caller_is_named_by_a_pattern(book: FaultBook) -> None:
    book.add(fault(of="churn-*", times=None))
    assert (met(book, JOB), met(book, HANDLER)) == ([True], [False])


def test_a_state_is_named_by_a_pattern(book: FaultBook) -> None:
    machine = Caller(kind=Kind.STATE_MACHINE, name="churn", state="Train")
    other = Caller(kind=Kind.STATE_MACHINE, name="churn", state="Judge")
    book.add(fault(state="Tr*", times=None))
    assert (met(book, machine), met(book, other), met(book, JOB)) == ([True], [False], [False])


def test_what_cannot_be_killed_is_not_met_by_a_kill(book: FaultBook) -> None:
    book.add(fault(effect="kill_before", times=None))
    assert (met(book, HANDLER), met(book, JOB)) == ([False], [True])


def test_one_fault_acts_on_a_call_and_the_next_one_later(book: FaultBook) -> None:
    book.add(fault(code="First"))
    book.add(fault(code="Second"))
    rules = [book.meet(JOB, "s3", "PutObject") for _ in range(3)]
    assert [rule and rule.code for rule in rules] == ["First", "Second", None]


def test_a_cleared_fault_acts_no_more(book: FaultBook) -> None:
    number = book.add(fault(times=None))["number"]
    assert book.clear({"number": number}) == {"cleared": 1}
    assert met(book, JOB) == [False]


def test_calls_are_told_in_order_by_caller_and_invocation(book: FaultBook) -> None:
    book.meet(HANDLER, "s3", "GetObject")
    met(book, JOB)
    book.meet(HANDLER, "dynamodb", "PutItem")
    told = book.calls({"of": "gate", "invocation": "r-1"})["calls"]
    assert [(each["service"], each["operation"]) for each in told] == [
        ("s3", "GetObject"),
        ("dynamodb", "PutItem"),
    ]
    assert book.calls({"of": "gate", "invocation": "r-2"}) == {"calls": []}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"effect": "explode"}, "effect must be one of error, .* got 'explode'"),
        ({"skip": -1}, "skip must be 0 or more"),
        ({"times": 0}, "times 1 or more, got 0 and 0"),
        ({"handler": "gate"}, "a fault has no handler; it has service"),
        ({"operation": "PutObjects"}, "got 'PutObjects'"),
    ],
)
def test_a_fault_that_would_never_act_is_refused(
    book: FaultBook, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        book.add(fault(**wrong))
