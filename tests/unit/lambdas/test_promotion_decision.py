from dataclasses import replace
from typing import Any

import pytest

from contracts import moment
from contracts.errors import ContractError
from lambdas.promotion import decision
from lambdas.promotion.decision import Action, EndpointUnsettled, Plan, PromotionRefused
from lambdas.promotion.facts import Endpoint, Version
from lambdas.promotion.probes import golden_rows
from tests.unit.lambdas.examples import CARD, IMAGE, METADATA, PACKAGE, request

VERSION = Version(
    arn=PACKAGE,
    number=2,
    status="Approved",
    image_uri=IMAGE,
    model_data_url="s3://artifacts/churn/models/job/output/model.tar.gz",
    metadata=METADATA,
)
ENDPOINT = Endpoint(
    name="churn-dev",
    status="InService",
    config="churn-dev-v1-aaaaaaaa",
    instances=2,
    failure=None,
    changed_at=moment.parse("1997-07-01T03:00:00Z"),
)
PLAN = Plan(
    deployment="churn-dev-v2-bbbbbbbb",
    endpoint="churn-dev",
    action=Action.UPDATE,
    reason="endpoint churn-dev serves churn-dev-v1-aaaaaaaa",
    alarms=("churn-dev-v2-bbbbbbbb-5xx",),
    capacity="2 instances",
    previous="churn-dev-v1-aaaaaaaa",
    version=2,
    golden_uri="s3://reports/golden.csv",
)


def refuse(version: Version, **changes: Any) -> None:
    facts: dict[str, Any] = {"environment": "dev", "artifact_sha256": "a" * 64, **changes}
    asked = facts.pop("request", request())
    decision.refuse_unfit(version, asked, **facts)


def test_an_approved_version_of_this_environment_with_its_own_bytes_may_go() -> None:
    refuse(VERSION)


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_version_that_is_not_approved_is_refused(status: str) -> None:
    with pytest.raises(PromotionRefused) as refusal:
        refuse(replace(VERSION, status=status))

    assert str(refusal.value) == f"version 2: the approval is '{status}', must be 'Approved'"


@pytest.mark.parametrize(
    ("version", "changes", "message"),
    [
        (VERSION, {"artifact_sha256": "9" * 64}, "the artifact's sha256 is '999"),
        (VERSION, {"environment": "prod"}, "the environment is 'dev', must be 'prod'"),
        (
            VERSION,
            {"request": request(environment="prod")},
            "the request's environment is 'prod', must be 'dev'",
        ),
        (replace(VERSION, image_uri="repo@sha256:2"), {}, "the image is 'sha256:2', must be"),
        (replace(VERSION, image_uri="repo:latest"), {}, "the image is 'repo:latest', must be"),
    ],
)
def test_a_version_that_is_not_what_the_registry_says_is_refused(
    version: Version, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(PromotionRefused, match=message):
        refuse(version, **changes)


def test_metadata_that_lacks_a_digest_is_an_error_and_no_pass() -> None:
    with pytest.raises(ContractError, match="version 2 lacks artifact_sha256"):
        refuse(replace(VERSION, metadata={**METADATA, "artifact_sha256": ""}))


@pytest.mark.parametrize(
    ("endpoint", "action"),
    [
        (None, Action.CREATE),
        (ENDPOINT, Action.UPDATE),
        (replace(ENDPOINT, config=PLAN.deployment), Action.NONE),
        (replace(ENDPOINT, config=PLAN.deployment, status="Updating"), Action.WAIT),
        (replace(ENDPOINT, status="Creating"), Action.WAIT),
        (replace(ENDPOINT, status="RollingBack"), Action.WAIT),
        (replace(ENDPOINT, status="Deleting"), Action.WAIT),
        (replace(ENDPOINT, status="Failed"), Action.WAIT),
    ],
)
def test_what_to_do_follows_from_how_the_endpoint_stands(
    endpoint: Endpoint | None, action: Action
) -> None:
    assert decision.action_for(endpoint, PLAN.deployment)[0] is action


def test_an_endpoint_that_nobody_can_update_is_refused() -> None:
    stuck = replace(ENDPOINT, status="UpdateRollbackFailed", failure="no capacity")

    with pytest.raises(PromotionRefused, match=r"UpdateRollbackFailed \(no capacity\)"):
        decision.action_for(stuck, PLAN.deployment)


@pytest.mark.parametrize(("serving", "made"), [(0, 2), (1, 2), (2, 2), (5, 5)])
def test_the_candidate_gets_as_many_instances_as_serve_now(serving: int, made: int) -> None:
    assert decision.instances(CARD, replace(ENDPOINT, instances=serving))[0] == made


def test_the_first_endpoint_has_the_cards_instances() -> None:
    assert decision.instances(CARD, None) == (
        2,
        "2 instances of ml.m5.large (card says 2, endpoint has 0)",
    )


@pytest.mark.parametrize(
    ("endpoint", "promoted"),
    [
        (replace(ENDPOINT, config=PLAN.deployment), True),
        (ENDPOINT, False),
        (replace(ENDPOINT, config=PLAN.deployment, status="Failed"), False),
        (replace(ENDPOINT, config=PLAN.deployment, status="OutOfService"), False),
        (None, False),
    ],
)
def test_only_an_endpoint_in_service_on_the_candidate_is_a_promotion(
    endpoint: Endpoint | None, promoted: bool
) -> None:
    assert decision.is_promoted(endpoint, PLAN) is promoted


@pytest.mark.parametrize("status", ["Updating", "Creating", "RollingBack"])
def test_nothing_is_concluded_while_the_endpoint_changes(status: str) -> None:
    with pytest.raises(EndpointUnsettled, match=f"endpoint churn-dev is still {status}"):
        decision.is_promoted(replace(ENDPOINT, status=status), PLAN)


def test_a_rollback_names_alarm_and_endpoint() -> None:
    failed = replace(ENDPOINT, failure="alarm in ALARM")

    assert decision.why_rolled_back(failed, PLAN, "x-5xx: 3 > 0") == (
        "version 2 does not serve: x-5xx: 3 > 0; alarm in ALARM; "
        "endpoint churn-dev is InService on churn-dev-v1-aaaaaaaa"
    )


def test_a_plan_survives_its_trip_through_the_machine() -> None:
    assert decision.parse_plan(PLAN.document()) == PLAN


def test_a_promotion_done_again_has_the_same_name_and_another_has_another() -> None:
    names = [decision.deployment_name(request(run_id=run), VERSION) for run in ("x", "x", "y")]

    assert names[0] == names[1] != names[2]
    assert names[0].startswith("churn-dev-v2-")


@pytest.mark.parametrize("header", ["", "recency_days,spend\n"])
def test_golden_rows_are_requests_of_one_row_each(header: str) -> None:
    content = f"{header}3,10\n4,20.5\n".encode()

    assert golden_rows(content, ["recency_days", "spend"]) == ["3,10", "4,20.5"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "golden.csv must have at least one row, got none"),
        (b"recency_days,spend\n", "golden.csv must have at least one row, got none"),
        (b"3,10\n3\n", "golden.csv row 2 must have 2 values, got 1"),
    ],
)
def test_golden_rows_of_another_width_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(ContractError) as refusal:
        golden_rows(content, ["recency_days", "spend"])

    assert str(refusal.value) == message
