"""A promotion killed at any of its AWS calls, and redriven, leaves the old or the new model."""

from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from tests.system.faults.promotion_walk import EVERY_STEP, Killing, PromotionWalk, operations
from tests.system.faults.test_killed_handlers import WRITES
from tests.system.faults.walk import Walk

pytestmark = [pytest.mark.system, pytest.mark.timeout(3000)]

_OTHERS = "[!I]*"
"""All calls but InvokeEndpoint, of which each look makes dozens alike."""
_HANDLERS = ("Plan", "SmokeTest", "JudgeSmoke", "Observe", "Confirm")
_UPDATE = ("UpdateEndpoint",)


@pytest.fixture
def promotion(walk: Walk) -> PromotionWalk:
    return PromotionWalk.of(walk)


@pytest.mark.parametrize(
    ("effect", "calls", "steps"),
    [
        # The second plan finds what the first has made.
        pytest.param("kill_after", WRITES, ("Plan", "JudgeSmoke", "Observe", "Confirm")),
        pytest.param("kill_after", _OTHERS, EVERY_STEP, marks=pytest.mark.exhaustive),
        pytest.param("kill_before", _OTHERS, EVERY_STEP, marks=pytest.mark.exhaustive),
        pytest.param("kill_before", WRITES, EVERY_STEP, marks=pytest.mark.exhaustive),
    ],
)
def test_a_promotion_killed_at_its_calls_ends_with_one_model_and_one_story(
    promotion: PromotionWalk, effect: str, calls: str, steps: Sequence[str]
) -> None:
    killing = Killing(promotion=promotion, effect=effect, calls=calls, steps=steps)
    killing.through()

    print(f"{sum(killing.kills.values())} kills ({effect}, calls {calls}): {dict(killing.kills)}")
    promotion.has_promoted_once()
    assert min(killing.kills[step] for step in ("Plan", "Observe", "Confirm")) >= 1


@pytest.mark.exhaustive
def test_a_killed_probe_leaves_no_doubt_either(promotion: PromotionWalk) -> None:
    for step in ("Observe", "Confirm"):
        for effect in ("kill_before", "kill_after"):
            function = promotion.walk.function_of(step)
            account = promotion.walk.platform.account
            with account.fault("*", "InvokeEndpoint", effect, of=function):
                promotion.go_on(f"{step} {effect} its first probe")
    promotion.until_it_is_done("nobody kills any more")

    promotion.has_promoted_once()


@pytest.mark.parametrize("states", [_HANDLERS, _UPDATE], ids=["handlers", "update"])
def test_a_lost_reply_to_any_call_of_the_machine_does_nothing_twice(
    promotion: PromotionWalk, states: Sequence[str]
) -> None:
    """Its handlers, the smoke test and the update itself: done, and never told of."""
    _fail(promotion, "lose_reply", states)

    promotion.has_promoted_once()


@pytest.mark.exhaustive
def test_a_call_of_the_machine_that_is_never_made_is_made_by_the_redrive(
    promotion: PromotionWalk,
) -> None:
    _fail(promotion, "error", (*_HANDLERS, *_UPDATE))

    promotion.has_promoted_once(updates=2)


@pytest.mark.exhaustive
def test_a_lost_reply_to_any_call_of_a_handler_does_nothing_twice(walk: Walk) -> None:
    """Clients repeat a call whose reply was lost: the first of each kind, then the second …"""
    first = PromotionWalk.of(walk)
    met = operations(walk, lambda: first.until_it_is_done("to see its calls"))
    lost, skip = 0, 0
    while skip == 0 or lost:
        promotion = PromotionWalk.of(walk)
        account = walk.platform.account
        with ExitStack() as faults:
            numbers = [
                faults.enter_context(
                    account.fault(service, operation, "lose_reply", of=function, skip=skip)
                )
                for function, service, operation in met
                if skip == 0 or operation != "InvokeEndpoint"
            ]
            promotion.until_it_is_done(f"each call of number {skip} loses its reply")
            lost = sum(account.faults_hit()[number].acted for number in numbers)
        promotion.has_promoted_once()
        print(f"{lost} lost replies, one for each kind of call, at its number {skip}")
        skip += 1
    assert skip > 2


def _fail(promotion: PromotionWalk, effect: str, states: Sequence[str]) -> None:
    walk = promotion.walk
    machine = walk.platform.deployed.promotion_arn.rpartition(":")[2]
    with ExitStack() as faults:
        account = walk.platform.account
        numbers = {
            state: faults.enter_context(
                account.fault("*", "*", effect, of=machine, state=state, code="States.Timeout")
            )
            for state in states
        }
        promotion.until_it_is_done(f"{effect} at every call of the machine")
        hits = account.faults_hit()
    assert [state for state, number in numbers.items() if not hits[number].acted] == []
    print(f"{effect} at {len(numbers)} states, {promotion.starts} starts")
