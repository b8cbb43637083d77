import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest

from contracts import moment, state
from contracts.errors import ContractError
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.settlement.announcements import Announcements
from lambdas.settlement.execution import Execution, read_execution
from lambdas.settlement.executions import Executions
from lambdas.settlement.failure import FailedJob
from lambdas.settlement.notice import Circumstances, compose
from lambdas.settlement.settlement import Settlement
from tests.unit.lambdas.examples import request

RUN = request().run_id
NOON = moment.parse("1997-07-01T12:00:00Z")
STATES = "arn:aws:states:eu-west-1:111122223333"


def event(status: str = "SUCCEEDED", *, workflow: str = "retraining", **detail: Any) -> Any:
    machine = f"perennial-dev-churn-{workflow}"
    name = detail.pop("name", RUN)
    return {
        "time": "1997-07-01T12:00:00Z",
        "source": "aws.states",
        "detail": {
            "executionArn": f"{STATES}:execution:{machine}:{name}",
            "stateMachineArn": f"{STATES}:stateMachine:{machine}",
            "name": name,
            "status": status,
            "redriveCount": 0,
            **detail,
        },
    }


def execution(status: str = "SUCCEEDED", **changes: Any) -> Execution:
    described: dict[str, Any] = {"input": json.dumps(request().document())}
    if "parent" in changes:
        started_by = {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": changes.pop("parent")}
        described["input"] = json.dumps({"request": request().document(), **started_by})
    if "output" in changes:
        described["output"] = json.dumps(changes.pop("output"))
    return read_execution(event(status, **changes), described)


class FakeTopic:
    def __init__(self) -> None:
        self.messages: list[Mapping[str, str]] = []
        self.broken = False

    def publish(self, **message: str) -> None:
        if self.broken:
            raise ConnectionError("no answer")
        self.messages.append(message)


class FakeExecutions:
    def __init__(self) -> None:
        self.status = "RUNNING"

    def last_step(self, arn: str) -> str:
        return "Train"

    def describe(self, arn: str) -> Mapping[str, str]:
        return {"status": self.status}


class FakeLogs:
    def tail(self, job: FailedJob) -> list[str]:
        return [f"the last line of {job.kind} {job.name}"]


class Office:
    def __init__(self, state_table: StateTable, ledger: Ledger, ledger_table: Any) -> None:
        self.state, self.topic = state_table, FakeTopic()
        self.lease = Leases(state_table, state.lease("churn"))
        self.endpoint_lease = Leases(state_table, state.promotion_lease("churn"))
        self._ledger_table = ledger_table
        self.executions = FakeExecutions()
        self.settlement = Settlement(
            state=state_table,
            executions=self.executions,  # pyright: ignore[reportArgumentType]
            logs=FakeLogs(),  # pyright: ignore[reportArgumentType]
            ledger=ledger,
            announcements=Announcements(self.topic, state_table, topic_arn="arn:topic"),
        )

    def settle(self, ended: Execution, *, delivery: str = "one") -> str:
        return self.settlement.settle(ended, delivery=delivery)

    def hold(self, owner: str = RUN) -> None:
        self.lease.take(owner, as_of=NOON, until=NOON + timedelta(hours=12), after=None)
        self.lease.started(owner, until=NOON + timedelta(hours=12), hours=6)

    def admitted(self) -> dict[str, Any]:
        return self.state.read(state.admission("churn")) or {}

    def kinds(self) -> list[str]:
        return [item["kind"] for item in self._ledger_table.scan()["Items"]]


@pytest.fixture
def office(state_table: StateTable, ledger: Ledger, ledger_table: Any) -> Office:
    return Office(state_table, ledger, ledger_table)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_every_end_frees_the_lease_and_tells_once(office: Office, status: str) -> None:
    office.hold()

    done = [office.settle(execution(status), delivery=delivery) for delivery in ("a", "b", "a")]

    assert done == ["told", "told before", "told before"]
    assert office.lease.current() is None
    assert len(office.topic.messages) == 1
    assert office.kinds() == ["run_ended"]


def test_the_lease_of_another_run_stays(office: Office) -> None:
    office.hold("another run")

    office.settle(execution("FAILED"))

    held = office.lease.current()
    assert held is not None
    assert held.owner == "another run"


def test_a_delivery_that_crashed_before_telling_tells_when_retried(office: Office) -> None:
    office.topic.broken = True
    with pytest.raises(ConnectionError):
        office.settle(execution(), delivery="a")
    office.topic.broken = False

    assert office.settle(execution(), delivery="b") == "told before"  # a's retry is to come
    assert office.settle(execution(), delivery="a") == "told"
    assert len(office.topic.messages) == 1


def test_each_redrive_that_ends_is_told(office: Office) -> None:
    office.settle(execution("FAILED"))
    office.settle(execution("FAILED", redriveCount=1))

    assert len(office.topic.messages) == 2
    assert "Run: churn-dev-0123456789ab, redrive 1" in office.topic.messages[1]["Message"]


def test_a_promotion_within_a_retraining_is_left_to_it(office: Office) -> None:
    arn = f"{STATES}:execution:perennial-dev-churn-promotion:p"
    office.endpoint_lease.take(arn, as_of=NOON, until=NOON, after=None)
    office.hold()

    ended = execution("FAILED", workflow="promotion", name="p", parent="arn:parent")

    assert office.settle(ended) == "left to its parent"
    assert office.topic.messages == []
    assert office.endpoint_lease.current() is None
    assert office.lease.current() is not None


def test_a_persons_promotion_is_told(office: Office) -> None:
    described = {"input": json.dumps({"request": request().document()})}
    ended = read_execution(event("FAILED", workflow="promotion", name="p"), described)

    assert office.settle(ended) == "told"
    assert office.kinds() == ["promotion_ended"]
    assert "Asked by: schedule: the schedule" in office.topic.messages[0]["Message"]


def record_admission(office: Office) -> None:
    fields = {"last_run_id": RUN, "data_fingerprint": "new", "judged_fingerprint": "old"}
    office.state.write(state.admission("churn"), fields)


@pytest.mark.parametrize(
    ("status", "judged"),
    [("SUCCEEDED", "new"), ("FAILED", "old"), ("TIMED_OUT", "old"), ("ABORTED", "old")],
)
def test_only_a_run_that_succeeded_has_judged_its_data(
    office: Office, status: str, judged: str
) -> None:
    record_admission(office)

    office.settle(execution(status))

    assert office.admitted()["judged_fingerprint"] == judged


def test_an_earlier_run_judges_nothing_of_a_later_ones_data(office: Office) -> None:
    record_admission(office)

    office.settle(execution(name="an-earlier-run"))

    assert office.admitted()["judged_fingerprint"] == "old"


def test_a_redrive_takes_the_lease_again(office: Office) -> None:
    office.hold()
    office.settle(execution("FAILED"))

    assert office.settle(execution("RUNNING", redriveCount=1)) == "lease taken again"

    held = office.lease.current()
    assert held is not None
    assert (held.owner, held.token, held.started) == (RUN, 2, True)
    assert held.expires_at == NOON + timedelta(hours=6)


def test_a_redrive_whose_end_was_told_first_leaves_no_lease_behind(office: Office) -> None:
    office.executions.status = "FAILED"
    office.settle(execution("FAILED", redriveCount=1))

    assert office.settle(execution("RUNNING", redriveCount=1)) == "it has ended already"
    assert office.lease.current() is None


def test_an_end_told_after_the_redrive_leaves_the_lease(office: Office) -> None:
    office.hold()
    late = read_execution(event("FAILED"), {"status": "RUNNING"})

    assert office.settle(late) == "told"
    held = office.lease.current()
    assert held is not None
    assert held.owner == RUN


def test_a_redrive_beside_another_run_is_told(office: Office) -> None:
    office.hold("another run")

    done = office.settle(execution("RUNNING", redriveCount=1))

    assert done == "lease held by another run"
    assert "two runs at once" in office.topic.messages[0]["Subject"]


def test_the_first_start_of_a_run_is_nobodys_business(office: Office) -> None:
    assert office.settle(execution("RUNNING")) == "nothing to do"
    assert office.lease.current() is None


def test_a_failure_is_told_with_step_cause_runbook_and_what_next(office: Office) -> None:
    cause = json.dumps(
        {
            "TrainingJobName": f"{RUN}-train-0",
            "FailureReason": "AlgorithmError: no rows, exit code: 1",
        }
    )

    office.settle(execution("FAILED", error="States.TaskFailed", cause=cause))

    [message] = office.topic.messages
    assert message["Subject"] == "[dev] churn: retraining failed at Train"
    assert message["Message"].splitlines() == [
        "retraining failed at Train.",
        "",
        "Model: churn (dev)",
        f"Run: {RUN}",
        "Asked by: schedule: the schedule",
        "Failed step: Train",
        "Error: States.TaskFailed",
        f"Cause: training job {RUN}-train-0 failed with exit code 1: "
        "AlgorithmError: no rows, exit code: 1",
        "Runbook: docs/runbooks/job-failed.md",
        "Next: read the job's log, correct the cause, then redrive the execution",
        f"Execution: {STATES}:execution:perennial-dev-churn-retraining:{RUN}",
        "At: 1997-07-01T12:00:00Z",
        "",
        "The end of the job's log:",
        f"the last line of TrainingJob {RUN}-train-0",
    ]


def test_a_success_is_told_with_outcome_and_reason(office: Office) -> None:
    office.settle(execution(output={"outcome": "rejected", "reason": "auc gain is -0.1"}))

    [message] = office.topic.messages
    assert message["Subject"] == "[dev] churn: retraining rejected"
    assert "Reason: auc gain is -0.1" in message["Message"]


@pytest.mark.parametrize(
    ("error", "runbook"),
    [
        ("DataRejected", "data-rejected"),
        ("CandidateRolledBack", "candidate-rolled-back"),
        ("CandidateFailedSmokeTest", "candidate-rolled-back"),
        ("SmokeTestBroken", "promotion-failed"),
        ("DeploymentFailed", "promotion-failed"),
        ("SilentRollback", "promotion-failed"),
        ("EndpointBusy", "promotion-failed"),
        ("PromotionRefused", "promotion-refused"),
    ],
)
def test_a_known_error_has_its_own_runbook(office: Office, error: str, runbook: str) -> None:
    cause = json.dumps({"errorType": error, "errorMessage": "why"})

    office.settle(execution("FAILED", error=error, cause=cause))

    assert f"Runbook: docs/runbooks/{runbook}.md" in office.topic.messages[0]["Message"]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("SageMaker.ResourceLimitExceededException", "The account-level service limit 'x' is 0"),
        (
            "SageMaker.ResourceLimitExceededException",
            json.dumps(
                {"errorType": "SageMaker.ResourceLimitExceededException", "errorMessage": "x"}
            ),
        ),
        (
            "States.TaskFailed",
            json.dumps({"TrainingJobName": "t", "FailureReason": "CapacityError: Unable to …"}),
        ),
        (
            "States.TaskFailed",
            json.dumps({"TrainingJobName": "t", "SecondaryStatus": "MaxWaitTimeExceeded"}),
        ),
    ],
)
def test_a_job_for_which_there_were_no_instances_has_its_own_runbook(
    office: Office, error: str, cause: str
) -> None:
    office.settle(execution("FAILED", error=error, cause=cause))

    assert "Runbook: docs/runbooks/no-instances.md" in office.topic.messages[0]["Message"]


def test_a_time_out_without_a_cause_is_told(office: Office) -> None:
    office.settle(execution("FAILED", error="States.Timeout", cause=""))

    [message] = office.topic.messages
    assert "Cause: it ran longer than its limit" in message["Message"]
    assert "Runbook: docs/runbooks/run-timed-out.md" in message["Message"]


def test_a_subject_is_short_ascii_on_one_line(office: Office) -> None:
    office.settle(execution(output={"outcome": "größer\n" * 30, "reason": "none"}))

    subject = office.topic.messages[0]["Subject"]
    assert len(subject) < 100
    assert subject.isascii()
    assert "\n" not in subject


def test_an_execution_started_by_hand_with_any_input_is_told_too(office: Office) -> None:
    ended = read_execution(event("FAILED"), {"input": "[1]"})

    office.settle(ended)

    assert "Asked by: not known" in office.topic.messages[0]["Message"]


def test_a_model_may_have_hyphens_in_its_name() -> None:
    told = event()
    told["detail"]["stateMachineArn"] = f"{STATES}:stateMachine:perennial-prod-bike-rides-promotion"

    read = read_execution(told, {})

    assert (read.environment, read.model, read.workflow) == ("prod", "bike-rides", "promotion")


def test_a_foreign_machine_is_refused_by_name() -> None:
    told = event()
    told["detail"]["stateMachineArn"] = f"{STATES}:stateMachine:nightly-report"

    with pytest.raises(ContractError, match="got 'nightly-report'"):
        read_execution(told, {})


class FakeHistory:
    """Step Functions' history, newest first, the failing state on the second page."""

    def get_paginator(self, operation: str) -> "FakeHistory":
        assert operation == "get_execution_history"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        assert asked["reverseOrder"] is True
        entered = [{"stateEnteredEventDetails": {"name": name}} for name in ("Train", "Validate")]
        return [{"events": [{"type": "ExecutionFailed"}]}, {"events": entered}]


def test_the_step_that_failed_is_the_one_entered_last() -> None:
    assert Executions(FakeHistory()).last_step("arn") == "Train"


def test_people_get_their_message_from_the_topic(aws: None, state_table: StateTable) -> None:
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="people")["TopicArn"]
    announcements = Announcements(sns, state_table, topic_arn=topic)

    ended = execution()
    assert announcements.publish_once(ended, compose(ended, Circumstances()), delivery="one")
