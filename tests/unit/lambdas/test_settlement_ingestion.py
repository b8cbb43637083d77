"""Ends of an ingestion: each stands in the ledger, and people hear of what they must act on."""

from datetime import timedelta
from typing import Any

import pytest

from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.settlement.execution import Execution
from lambdas.settlement.notice import Circumstances, compose
from tests.unit.lambdas.test_settlement import NOON, Office, execution

DAY = "2012-03-01: 25 rows of labels"


@pytest.fixture
def office(state_table: StateTable, ledger: Ledger, ledger_table: Any) -> Office:
    return Office(state_table, ledger, ledger_table)


def ended(status: str = "SUCCEEDED", **changes: Any) -> Execution:
    return execution(status, workflow="ingestion", name="churn-dev-data-1a2b3c4d", **changes)


def test_a_day_as_it_should_be_is_written_down_and_told_to_nobody(office: Office) -> None:
    done = office.settle(ended(output={"outcome": "ingested", "reason": DAY}))

    assert done == "written down"
    assert office.kinds() == ["ingestion_ended"]
    assert office.topic.messages == []


def test_what_was_quarantined_is_told_once_with_its_runbook(office: Office) -> None:
    reason = f"{DAY}, quarantined 1 files and 0 rows"
    output = {"outcome": "ingested_in_part", "reason": reason}

    assert office.settle(ended(output=output)) == "told"
    assert office.settle(ended(output=output), delivery="two") == "told before"

    [message] = office.topic.messages
    assert f"Data refused: {reason}" in message["Message"]
    assert "docs/runbooks/data-rejected.md" in message["Message"]
    assert "ingestion ingested_in_part" in message["Subject"]


@pytest.mark.parametrize("step", ["EachDay", "FetchDay"])
def test_a_day_s_failed_job_has_the_runbook_of_jobs(step: str) -> None:
    notice = compose(ended("FAILED", error="States.TaskFailed"), Circumstances(step=step))
    assert "docs/runbooks/job-failed.md" in notice.text


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_failure_is_told_with_its_cause(office: Office, status: str) -> None:
    assert office.settle(ended(status, error="States.TaskFailed", cause="no network")) == "told"

    [message] = office.topic.messages
    assert "no network" in message["Message"]
    assert "Asked by: its schedule, or a person who named days" in message["Message"]
    assert office.kinds() == ["ingestion_ended"]


def test_an_ingestion_touches_no_lease(office: Office) -> None:
    office.hold()
    office.endpoint_lease.take("p", as_of=NOON, until=NOON + timedelta(hours=1), after=None)

    office.settle(ended("FAILED"))
    redriven = office.settle(ended("RUNNING", redriveCount=1))

    assert redriven == "no lease to take"
    assert office.lease.current() is not None
    held = office.endpoint_lease.current()
    assert held is not None
    assert held.owner == "p"
