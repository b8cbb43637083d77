"""A handler killed at any of its calls, then redriven: nothing is trained or promoted twice."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from contracts import moment, state
from contracts.ledger import LedgerKind
from perennial import state as states
from tests.system.faults.walk import Walk
from tests.system.loop import churn_folder

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800), pytest.mark.last]

WRITES = "[CPU]*"
"""Copy, Create, Publish, Put, Update: a call that only reads leaves nothing behind."""
_MOST = 200
_STEPS = ("Snapshot", "JudgeData", "Register", "JudgeCandidate", "Record")
"""Those of a promotion are killed in test_killed_promotions."""


@pytest.mark.parametrize(
    ("effect", "calls"),
    [
        pytest.param("kill_after", WRITES),
        pytest.param("kill_after", "*", marks=pytest.mark.exhaustive),
        pytest.param("kill_before", "*", marks=pytest.mark.exhaustive),
    ],
)
def test_a_handler_killed_at_its_calls_does_nothing_twice(
    walk: Walk, effect: str, calls: str
) -> None:
    platform = walk.platform
    walk.forget_champion()  # a first model needs the floor only: it is promoted
    code = churn_folder.archive(platform.models, churn_folder.FULL_STRENGTH)
    with platform.model_code(code):
        kills = {"Admission": _start(walk, effect, calls)}
        kills |= {step: _kill(walk, step, effect, calls) for step in _STEPS}
        run = walk.succeeds("nobody kills any more")

    print(f"{sum(kills.values())} kills ({effect}, calls {calls}): {kills}")
    assert walk.broken == []
    assert run.output.get("outcome") == "promoted", run
    kinds = [line.kind for line in platform.ledger(about=walk.run_id)]
    once = (LedgerKind.RUN_STARTED, LedgerKind.CANDIDATE_REGISTERED, LedgerKind.PROMOTED)
    assert [kinds.count(kind) for kind in once] == [1, 1, 1], kinds
    assert len(walk.registered()) == 1
    assert len(walk.trainings()) == 1
    assert walk.trainings("Failed") == []
    assert len(walk.deployments()) == 1
    writing = ("Snapshot", "Register", "JudgeCandidate", "Record")
    assert min(kills[step] for step in writing) >= 2, kills


def test_a_settlement_killed_at_its_calls_tells_of_an_end_once(walk: Walk) -> None:
    """A topic delivers at least once: so does who dies before it wrote down that it has told."""
    platform, account = walk.platform, walk.platform.account
    settlement = walk.function_like("Settlement")
    account.add_fault("lambda", "Invoke", state="Snapshot", times=None, code="States.Timeout")
    for skip in range(_MOST):
        before = len(account.calls(settlement))
        with account.fault("*", "*", "kill_after", of=settlement, skip=skip) as fault:
            run, notices = walk.go_on(f"settlement killed after call {skip}", linger=300)
            killed = account.faults_hit()[fault].acted > 0
        call = account.calls(settlement)[before + skip].operation if killed else "none"
        allowed = (1, 2) if call == "Publish" else (1,)
        assert len(notices) in allowed, f"killed after call {skip}, {call}: {notices}"
        assert run.status == "FAILED"
        assert platform.lease_owner() is None
        if not killed:
            print(f"{skip} kills of settlement")
            assert skip >= 6, "an end and a redrive make more calls than that"
            assert len(platform.ledger(LedgerKind.RUN_ENDED, about=walk.run_id)) == skip + 1
            return
    raise AssertionError("settlement never ran through")


def _start(walk: Walk, effect: str, calls: str) -> int:
    """Have a person ask for a run whose admission is killed at each call, and asked again."""
    platform = walk.platform
    machine = platform.deployed.retraining_arn.rpartition(":")[2]
    before = _count_today(walk)
    event = {
        "cause": "person",
        "as_of": moment.render(platform.account.now()),
        "id": f"killed {effect} {calls}",
        "detail": f"{effect} {calls}",
        "force": True,
    }
    with platform.account.fault(
        "lambda",
        "Invoke",
        of=machine,
        state="Snapshot",
        times=None,
        code="TooManyRequestsException",
        status=429,
    ):
        answer, kills = _asked_until_it_lives(walk, event, effect, calls)
        assert _count_today(walk) == before + 1
        walk.come_to_rest("admission was killed")
    walk.run_id = answer["run_id"]
    assert answer["outcome"] in ("started", "running"), answer
    return kills


def _asked_until_it_lives(
    walk: Walk, event: Mapping[str, Any], effect: str, calls: str
) -> tuple[dict[str, Any], int]:
    account, function = walk.platform.account, walk.platform.deployed.admission_function
    for skip in range(_MOST):
        with account.fault("*", calls, effect, of=function, skip=skip):
            answer = account.client("lambda").invoke(
                FunctionName=function, Payload=json.dumps(event).encode()
            )
        document = json.loads(answer["Payload"].read())
        if "FunctionError" not in answer:
            return document, skip
        assert document["errorType"] == "Runtime.ExitError", document
    raise AssertionError("admission never ran through")


def _count_today(walk: Walk) -> int:
    deployed = walk.platform.deployed
    dynamodb = walk.platform.client("dynamodb")
    record = states.read(dynamodb, deployed.state_table, state.admission(deployed.model))
    today = walk.platform.account.now().date().isoformat()
    return 0 if record is None or record["day"] != today else record["count_today"]


def _kill(walk: Walk, step: str, effect: str, calls: str) -> int:
    """Kill the step's handler at one call after the other; return how often it was killed.

    What was done is found and not done again, so that the calls after it move up: a call of a new
    kind is killed once more at the same place.
    """
    account, function = walk.platform.account, walk.function_of(step)
    machine, following = walk.after(step)
    skip, seen = 0, set[str]()
    for kills in range(_MOST):
        with (
            account.fault("*", calls, effect, of=function, skip=skip) as fault,
            account.fault("*", "*", of=machine, state=following, times=None, code="States.Timeout"),
        ):
            what = f"{step} {effect} call {skip} of {calls}"
            if not walk.is_killed(what, step, lambda: account.faults_hit()[fault].acted > 0):
                return kills
        operation = account.calls(function)[-1].operation
        if operation in seen:
            skip += 1
        seen.add(operation)
    raise AssertionError(f"{step} never ran through")
