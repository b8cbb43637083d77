from dataclasses import replace
from typing import Any

import boto3
import pytest

from contracts import moment
from contracts.run import Purpose, RunRequest
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.promotion import blame
from lambdas.promotion.blame import Fault
from lambdas.promotion.ending import Seen
from lambdas.promotion.errors import (
    CandidateRolledBack,
    DeploymentFailed,
    EndpointUnsettled,
    ProbesUnanswered,
    PromotionRefused,
    SilentRollback,
)
from lambdas.promotion.plan_document import Plan
from tests.unit.lambdas.examples import CHAMPION, request
from tests.unit.lambdas.promotion_stage import SERVER_ERROR, FakeRuntime, Stage
from tests.unit.lambdas.test_promotion_plan import PERSON, plan

OLD = "churn-dev-v1-aaaaaaaa"
LATER = moment.parse("1997-07-01T03:30:00Z")
SEEN = Seen(redriven=False, answered=300, cause="", condemned="")


@pytest.fixture
def stage(sagemaker: Any, aws: None, s3: Any, state_table: StateTable, ledger: Ledger) -> Stage:
    return Stage(sagemaker, boto3.client("cloudwatch"), s3, state_table, ledger)


def conclude(
    stage: Stage,
    made: Plan,
    runtime: FakeRuntime,
    seen: Seen = SEEN,
    asked: RunRequest | None = None,
) -> dict[str, Any]:
    return stage.ending(runtime).conclude(asked or request(), made, stage.arn, seen)


def ring(stage: Stage, alarm: str, state: str = "ALARM") -> None:
    stage.cloudwatch.set_alarm_state(
        AlarmName=alarm, StateValue=state, StateReason="3 datapoints > 0"
    )


def test_a_promotion_moves_the_pointer_and_removes_the_old_alarms(
    stage: Stage, ledger_table: Any
) -> None:
    first = plan(stage, execution_id="first", run_id="an-earlier-run")
    stage.endpoints.serve(first.deployment)
    stage.leases.release("first")
    second = plan(stage, execution_id="second")
    stage.endpoints.serve(second.deployment)

    answers = [  # a confirmation that is repeated ends the same
        conclude(stage, second, FakeRuntime("2")) for _ in range(2)
    ]

    assert [answer["outcome"] for answer in answers] == ["promoted", "promoted"]
    champion = stage.champion.read()
    assert champion is not None
    assert (champion.version, champion.deployment) == (2, second.deployment)
    assert champion.promoted_at == "1997-07-01T03:00:00Z"
    assert stage.alarm_names() == sorted(second.alarms)
    stage.sagemaker.describe_endpoint_config(EndpointConfigName=first.deployment)
    [line] = ledger_table.scan()["Items"]
    assert (line["kind"], line["subject"]) == ("promoted", second.deployment)
    assert line["details"]["replaces"] == first.deployment
    assert stage.policy.kept == [stage.arn]
    assert stage.scaling.applied == ["churn-dev"] * 2


@pytest.mark.parametrize(
    "runtime",
    [
        pytest.param(FakeRuntime("2", "1"), id="the old version answers too"),
        pytest.param(FakeRuntime("2", SERVER_ERROR), id="an error"),
        pytest.param(FakeRuntime(""), id="no JSON"),
    ],
)
def test_a_candidate_that_does_not_answer_every_probe_is_no_champion(
    stage: Stage, runtime: FakeRuntime
) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment)

    with pytest.raises(ProbesUnanswered, match="all 20 probes must be answered by version 2, got"):
        conclude(stage, made, runtime)
    assert stage.champion.read() is None


@pytest.mark.parametrize(("answered", "sent"), [(0, 300), (290, 20), (9000, 20)])
def test_silence_is_no_success(stage: Stage, answered: int, sent: int) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment)
    runtime = FakeRuntime("2")

    conclude(stage, made, runtime, replace(SEEN, answered=answered))

    assert len(runtime.asked) == sent


def serving_candidate(stage: Stage) -> Plan:
    stage.endpoints.serve(OLD)
    made = plan(stage)
    stage.endpoints.serve(made.deployment, changed_at=LATER)
    return made


def test_a_candidate_that_answers_wrongly_in_the_end_is_sent_back(stage: Stage) -> None:
    made = serving_candidate(stage)

    ended = conclude(stage, made, FakeRuntime("2", off_by=0.1))

    assert ended["outcome"] == "go_back"
    assert ended["reason"].startswith("20 of 20 answers were wrong, first: golden row 1 must be")
    assert stage.champion.read() is None


def test_an_alarm_that_is_late_sends_the_candidate_back(stage: Stage) -> None:
    made = serving_candidate(stage)
    ring(stage, made.alarms[1])

    ended = conclude(stage, made, FakeRuntime("2"))

    assert ended["outcome"] == "go_back"
    assert f"{made.alarms[1]}: {made.deployment} took longer than 1000 ms" in ended["reason"]


def test_what_was_sent_back_is_rejected_with_the_reason_once_the_old_one_serves(
    stage: Stage,
) -> None:
    made = serving_candidate(stage)
    stage.endpoints.serve(OLD, changed_at=LATER)

    with pytest.raises(CandidateRolledBack, match="does not serve: it was wrong; endpoint"):
        conclude(stage, made, FakeRuntime("1"), replace(SEEN, condemned="it was wrong"))
    assert stage.status() == "Rejected"


def test_a_first_model_that_answers_wrongly_fails_loudly_as_nothing_was_there_before(
    stage: Stage,
) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment)

    with pytest.raises(CandidateRolledBack, match="there is nothing to go back to"):
        conclude(stage, made, FakeRuntime("2", off_by=0.1))


def test_a_rollback_rejects_the_candidate_with_the_alarms_reason(
    stage: Stage, ledger_table: Any
) -> None:
    stage.endpoints.serve(OLD)
    made = plan(stage)
    ring(stage, made.alarms[0])
    seen = replace(SEEN, cause="ModelError 500")

    with pytest.raises(CandidateRolledBack) as end:
        conclude(stage, made, FakeRuntime("1"), seen)

    assert str(end.value) == (
        f"version 2 does not serve: {made.alarms[0]}: {made.deployment} answered more than 0 "
        "requests of a minute with 5xx (3 datapoints > 0); seen: ModelError 500; "
        f"endpoint churn-dev is InService on {OLD}"
    )
    assert stage.status() == "Rejected"
    assert stage.alarm_names() == []
    assert stage.champion.read() is None
    [line] = ledger_table.scan()["Items"]
    assert line["kind"] == "rolled_back"
    assert line["details"]["serving"] == OLD


def test_an_alarm_that_is_off_again_is_still_the_reason(stage: Stage) -> None:
    stage.endpoints.serve(OLD)
    made = plan(stage)
    ring(stage, made.alarms[3])
    ring(stage, made.alarms[3], "OK")
    asked = request(as_of=moment.parse("1997-06-01T00:00:00Z"))

    with pytest.raises(CandidateRolledBack, match=f"{made.alarms[3]}: .* answered known requests"):
        conclude(stage, made, FakeRuntime("1"), asked=asked)


def test_a_rollback_without_alarm_or_reason_is_a_failure_named_so(stage: Stage) -> None:
    stage.endpoints.serve(OLD)
    made = plan(stage)
    stage.endpoints.serve(OLD, changed_at=LATER)

    with pytest.raises(SilentRollback, match="it went back silently: no alarm is on"):
        conclude(stage, made, FakeRuntime("1"))
    assert stage.status() == "Approved"


def test_the_reason_of_an_earlier_update_is_not_this_ones(stage: Stage) -> None:
    stage.endpoints.serve(OLD, failure="version 7 did not pass the ping")
    made = plan(stage)

    with pytest.raises(SilentRollback):
        conclude(stage, made, FakeRuntime("1"))


CAPACITY = "CapacityError: Unable to provision requested ML compute capacity"


def test_what_the_platform_lacked_is_no_fault_of_the_candidate(stage: Stage) -> None:
    stage.endpoints.serve(OLD)
    made = plan(stage)
    stage.endpoints.serve(OLD, failure=CAPACITY, changed_at=LATER)

    with pytest.raises(DeploymentFailed, match="Unable to provision"):
        conclude(stage, made, FakeRuntime("1"))
    assert stage.status() == "Approved"
    again = conclude(stage, made, FakeRuntime("1"), replace(SEEN, redriven=True))
    assert again["outcome"] == "again"


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        (CAPACITY, Fault.PLATFORM),
        ("ResourceLimitExceeded: The account-level service limit is 0", Fault.PLATFORM),
        ("Rate exceeded", Fault.PLATFORM),
        ("Failed to pull the image: timed out", Fault.PLATFORM),
        ("AccessDenied on s3://artifacts/model.tar.gz", Fault.PLATFORM),
        ("Could not find the auto-rollback alarm(s) x-5xx.", Fault.PLATFORM),
        (
            "The primary container for production variant live did not pass the ping",
            Fault.CANDIDATE,
        ),
        ("AlgorithmError: exit code 1", Fault.CANDIDATE),
        ("The image 'x' does not exist.", Fault.CANDIDATE),
        ("one or more of its auto-rollback alarms went into ALARM: x-5xx.", Fault.CANDIDATE),
    ],
)
def test_a_failure_reason_tells_whose_fault_it_was(reason: str, fault: Fault) -> None:
    assert blame.of_text(reason) is fault


def test_a_first_endpoint_that_never_served_is_a_rollback_too(stage: Stage) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment, status="Failed", failure="did not pass the ping")

    with pytest.raises(CandidateRolledBack, match="did not pass the ping"):
        conclude(stage, made, FakeRuntime("2"))
    assert stage.status() == "Rejected"


def test_nothing_is_rejected_while_the_endpoint_changes(stage: Stage) -> None:
    made = plan(stage)
    stage.endpoints.serve(made.deployment, status="Updating")

    with pytest.raises(EndpointUnsettled):
        conclude(stage, made, FakeRuntime("2"))
    assert stage.status() == "Approved"


def test_a_run_that_a_newer_one_overtook_moves_no_pointer(stage: Stage) -> None:
    newer = plan(stage)
    stage.endpoints.serve(newer.deployment)
    conclude(stage, newer, FakeRuntime("2"), asked=request(fencing_token=5))
    before = stage.champion.read()

    with pytest.raises(PromotionRefused, match="holds token 4, and a run with token 5 has"):
        conclude(stage, newer, FakeRuntime("2"), asked=request(fencing_token=4))

    assert stage.champion.read() == before
    assert stage.champion.moved_under() == 5


def test_what_a_person_puts_back_is_restored_and_never_rejected(
    stage: Stage, ledger_table: Any
) -> None:
    asked = request(purpose=Purpose.ROLLBACK, cause=PERSON)
    stage.endpoints.serve(OLD)
    made = plan(stage, purpose=Purpose.ROLLBACK, cause=PERSON)
    with pytest.raises(SilentRollback):
        conclude(stage, made, FakeRuntime("1"), asked=asked)
    ring(stage, made.alarms[0])
    with pytest.raises(DeploymentFailed, match=made.alarms[0]):
        conclude(stage, made, FakeRuntime("1"), asked=asked)
    assert stage.status() == "Approved"
    ring(stage, made.alarms[0], "OK")

    stage.endpoints.serve(made.deployment)
    assert conclude(stage, made, FakeRuntime("2"), asked=asked)["outcome"] == "restored"
    [line] = ledger_table.scan()["Items"]
    assert line["kind"] == "restored"


def test_what_a_person_puts_back_stays_whatever_is_wrong_with_it(
    stage: Stage, ledger_table: Any
) -> None:
    asked = request(purpose=Purpose.ROLLBACK, cause=PERSON)
    stage.endpoints.serve(OLD)
    made = plan(stage, purpose=Purpose.ROLLBACK, cause=PERSON)
    stage.endpoints.serve(made.deployment)

    ended = conclude(stage, made, FakeRuntime("2", off_by=0.1), asked=asked)

    assert ended["outcome"] == "restored"
    assert "although" in ended["reason"]
    champion = stage.champion.read()
    assert champion is not None
    assert champion.deployment == made.deployment


def test_who_is_woken_has_been_champion_all_the_time(stage: Stage) -> None:
    sleeping = replace(CHAMPION, model_package_arn=stage.arn, version=2)
    stage.champion.move(sleeping, token=1)
    asked = request(purpose=Purpose.WAKE)
    made = plan(stage, purpose=Purpose.WAKE)
    stage.endpoints.serve(made.deployment)

    assert conclude(stage, made, FakeRuntime("2"), asked=asked)["outcome"] == "restored"
    assert stage.champion.read() == sleeping


def test_the_same_token_may_move_the_pointer_again(stage: Stage) -> None:
    assert stage.champion.move(CHAMPION, token=5)
    assert stage.champion.move(replace(CHAMPION, version=2), token=5)
    assert not stage.champion.move(CHAMPION, token=4)

    champion = stage.champion.read()
    assert champion is not None
    assert champion.version == 2


def test_an_alarm_that_was_on_since_all_traffic_moved_still_sends_the_candidate_back(
    stage: Stage,
) -> None:
    """Of a serverless endpoint nobody but the machine acts on it."""
    made = replace(plan(stage), previous=OLD)
    stage.endpoints.serve(made.deployment)
    ring(stage, f"{made.deployment}-5xx")
    ring(stage, f"{made.deployment}-5xx", "OK")
    found = conclude(stage, made, FakeRuntime("2"))
    assert found["outcome"] == "go_back"
    assert "answered more than 0 requests of a minute with 5xx" in found["reason"]
