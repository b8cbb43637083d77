from dataclasses import replace
from typing import Any

import pytest

from contracts import moment
from contracts.card import Autoscaling
from contracts.run import Purpose
from lambdas.promotion import decision
from lambdas.promotion.errors import EndpointBusy, EndpointUnsettled, PromotionRefused
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.plan_document import (
    Action,
    Failure,
    Plan,
    Progress,
    parse_plan,
    parse_progress,
)
from tests.unit.lambdas.examples import CARD

SCALING = Autoscaling(
    min_instances=2, max_instances=10, invocations_per_minute=1000.0, latency_ms=None
)
SCALED = replace(CARD, serving=replace(CARD.serving, autoscaling=SCALING))
ENDPOINT = Endpoint(
    name="churn-dev",
    status="InService",
    config="churn-dev-v1-aaaaaaaa",
    instances=2,
    failure=None,
    changed_at=moment.parse("1997-07-01T03:00:00Z"),
    variants=("live",),
)
NEW = "churn-dev-v2-bbbbbbbb"
PLAN = Plan(
    deployment=NEW,
    endpoint="churn-dev",
    action=Action.UPDATE,
    reason="endpoint churn-dev serves churn-dev-v1-aaaaaaaa",
    alarms=(f"{NEW}-5xx", f"{NEW}-latency-p99"),
    capacity="2 instances",
    previous="churn-dev-v1-aaaaaaaa",
    version=2,
    golden_uri="s3://reports/golden.csv",
    answers_uri="s3://reports/answers.json",
    predictions_uri="s3://reports/predictions.json",
    champions_predictions_uri="",
    smoke=True,
    headroom=3,
    own=("DataCaptureConfig",),
    seen="1997-07-01T02:00:00Z",
)
LOST = Failure(
    error="SageMaker.SdkClientException", cause="", calls=1, redrive=0, seen="1997-07-01T03:00:00Z"
)


def course(endpoint: Endpoint | None, **changes: Any) -> Action:
    asked: dict[str, Any] = {"purpose": Purpose.RETRAIN, "failure": None, **changes}
    return decision.course(endpoint, NEW, asked["purpose"], asked["failure"])[0]


@pytest.mark.parametrize(
    ("endpoint", "action"),
    [
        (None, Action.CREATE),
        (ENDPOINT, Action.UPDATE),
        (replace(ENDPOINT, config=NEW), Action.NONE),
        (replace(ENDPOINT, status="Updating"), Action.WAIT),
        (replace(ENDPOINT, status="Updating", pending=NEW), Action.WATCH),
        (replace(ENDPOINT, status="RollingBack", pending=NEW), Action.WATCH),
        (replace(ENDPOINT, status="Updating", pending="churn-dev-v3-c"), Action.WAIT),
        (replace(ENDPOINT, status="Creating"), Action.WAIT),
        (replace(ENDPOINT, status="Creating", config=NEW), Action.WATCH),
        (replace(ENDPOINT, status="Updating", config=NEW), Action.WAIT),
        (replace(ENDPOINT, status="Deleting", config=NEW), Action.WAIT),
        (replace(ENDPOINT, status="Failed"), Action.WAIT),
        (replace(ENDPOINT, status="Failed", config=NEW), Action.WAIT),
    ],
)
def test_what_to_do_follows_from_how_the_endpoint_stands(
    endpoint: Endpoint | None, action: Action
) -> None:
    assert course(endpoint) is action


def test_a_rollback_takes_all_traffic_at_once() -> None:
    assert course(ENDPOINT, purpose=Purpose.ROLLBACK) is Action.RESTORE
    assert course(None, purpose=Purpose.ROLLBACK) is Action.CREATE


LATER = moment.parse("1997-07-01T03:10:00Z")
OURS = (f"{NEW}-5xx",)


@pytest.mark.parametrize(
    ("endpoint", "action"),
    [
        pytest.param(ENDPOINT, Action.UPDATE, id="the call took no effect"),
        pytest.param(
            replace(ENDPOINT, changed_at=LATER, last_alarms=OURS),
            Action.WATCH,
            id="it took effect and was rolled back since",
        ),
        pytest.param(
            replace(ENDPOINT, changed_at=LATER), Action.UPDATE, id="only scaling has changed it"
        ),
        pytest.param(
            replace(ENDPOINT, status="Failed", config=NEW, changed_at=LATER),
            Action.WATCH,
            id="it was made and failed",
        ),
        pytest.param(None, Action.CREATE, id="nothing was made"),
    ],
)
def test_after_a_lost_reply_the_endpoint_says_whether_the_update_was_begun(
    endpoint: Endpoint | None, action: Action
) -> None:
    assert course(endpoint, failure=LOST) is action


@pytest.mark.parametrize("variants", [("other",), ("live", "challenger"), ()])
def test_an_update_that_would_change_variant_names_is_refused(variants: tuple[str, ...]) -> None:
    with pytest.raises(PromotionRefused, match="must have the one variant 'live', has"):
        course(replace(ENDPOINT, variants=variants))


def test_an_endpoint_that_nobody_can_update_is_refused() -> None:
    stuck = replace(ENDPOINT, status="UpdateRollbackFailed", failure="no capacity")

    with pytest.raises(PromotionRefused, match=r"UpdateRollbackFailed on .* \(no capacity\)"):
        course(stuck)


@pytest.mark.parametrize(
    ("failure", "given_up"),
    [
        (replace(LOST, calls=4), False),
        (replace(LOST, calls=5), True),
        (replace(LOST, error="SageMaker.ResourceLimitExceededException"), True),
    ],
)
def test_a_call_that_is_refused_again_and_again_is_given_up(
    failure: Failure, *, given_up: bool
) -> None:
    assert decision.is_given_up(failure) is given_up


def test_who_gives_up_says_what_the_call_said() -> None:
    refused = Failure(
        error="SageMaker.SageMakerException", cause="denied", calls=5, redrive=0, seen=""
    )

    error = decision.given_up(refused)

    assert type(error).__name__ == "SageMaker.SageMakerException"
    assert str(error) == "SageMaker.SageMakerException, 5 times: denied"
    assert type(decision.given_up(replace(refused, error="States.Timeout"))).__name__ == (
        "CallFailed"
    )


def test_a_busy_endpoint_is_waited_for_as_long_as_an_update_takes_and_then_loudly_not() -> None:
    most = (CARD.rollout.bake_seconds + 7200) // 30

    decision.refuse_endless_wait(CARD, Progress(execution_id="x", waits=most - 1), "Updating")
    with pytest.raises(EndpointBusy, match=f"waited {most} times 30 s, and still: Updating"):
        decision.refuse_endless_wait(CARD, Progress(execution_id="x", waits=most), "Updating")
    decision.refuse_endless_wait(CARD, Progress(execution_id="x", waits=most, redrive=1), "again")


@pytest.mark.parametrize(("serving", "made"), [(0, 2), (1, 2), (2, 2), (5, 5)])
def test_the_candidate_gets_as_many_instances_as_serve_now(serving: int, made: int) -> None:
    assert decision.instances(CARD, replace(ENDPOINT, instances=serving))[0] == made


def test_the_first_endpoint_has_the_cards_instances() -> None:
    assert decision.instances(CARD, None) == (
        2,
        "2 instances of ml.m5.large (card says 2, endpoint has 0)",
    )


@pytest.mark.parametrize(("now", "wanted"), [(2, 3), (4, 5), (8, 10), (9, 10), (10, 0), (12, 0)])
def test_headroom_is_taken_up_to_what_scaling_may_reach(now: int, wanted: int) -> None:
    endpoint = replace(ENDPOINT, instances=now)

    assert decision.headroom(SCALED, endpoint, Action.UPDATE, 0) == wanted


@pytest.mark.parametrize(
    ("card", "action", "taken"),
    [(CARD, Action.UPDATE, 0), (SCALED, Action.RESTORE, 0), (SCALED, Action.UPDATE, 3)],
)
def test_headroom_is_taken_once_and_only_for_an_update_that_scaling_stands_still_for(
    card: Any, action: Action, taken: int
) -> None:
    assert decision.headroom(card, ENDPOINT, action, taken) == 0


@pytest.mark.parametrize(("now", "kept"), [(2, True), (7, True), (1, False)])
def test_capacity_that_was_reached_survives_unless_the_card_asks_for_more(
    now: int, *, kept: bool
) -> None:
    own = decision.own_properties(CARD, replace(ENDPOINT, instances=now))

    assert ("DesiredInstanceCount" not in own) is kept
    assert {"DataCaptureConfig", "DesiredWeight"} <= set(own)


@pytest.mark.parametrize(
    ("endpoint", "promoted"),
    [
        (replace(ENDPOINT, config=NEW), True),
        (ENDPOINT, False),
        (replace(ENDPOINT, config=NEW, status="Failed"), False),
        (replace(ENDPOINT, config=NEW, status="OutOfService"), False),
        (None, False),
    ],
)
def test_only_an_endpoint_in_service_on_the_candidate_is_a_promotion(
    endpoint: Endpoint | None, *, promoted: bool
) -> None:
    assert decision.is_promoted(endpoint, PLAN) is promoted


@pytest.mark.parametrize("status", ["Updating", "Creating", "RollingBack"])
def test_nothing_is_concluded_while_the_endpoint_changes(status: str) -> None:
    with pytest.raises(EndpointUnsettled, match=f"endpoint churn-dev is still {status}"):
        decision.is_promoted(replace(ENDPOINT, status=status), PLAN)


def test_a_plan_survives_its_trip_through_the_machine() -> None:
    assert parse_plan(PLAN.document()) == PLAN


def progress(**changes: Any) -> Progress:
    failure = {"error": "E", "cause": "C", "calls": 2, "redrive": 1, "seen": "then"}
    document: dict[str, Any] = {
        "execution_id": "x",
        "redrive": 1,
        "waits": 3,
        "smoked": True,
        "headroom": 4,
        "previous": "",
        "failure": failure,
    }
    return parse_progress({**document, **changes})


def test_a_failure_of_this_redrive_counts_and_an_earlier_one_is_forgotten() -> None:
    assert progress().failure == Failure(error="E", cause="C", calls=2, redrive=1, seen="then")
    assert progress(redrive=2).failure is None
    nothing = {"error": "", "cause": "", "calls": 0, "redrive": 0, "seen": ""}
    assert progress(failure=nothing).failure is None
