"""Ends of a batch: each stands in the ledger, and people hear of those that failed."""

import json
from typing import Any

import pytest

from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.settlement.execution import Execution, read_execution
from lambdas.settlement.notice import Circumstances, compose
from tests.unit.lambdas.test_settlement import Office, event

ASKED = {
    "as_of": "1997-07-01T00:00:00Z",
    "cause": {"kind": "person", "id": "p", "detail": "the July mailing"},
    "input": "s3://data/churn/batch/july/",
}


@pytest.fixture
def office(state_table: StateTable, ledger: Ledger, ledger_table: Any) -> Office:
    return Office(state_table, ledger, ledger_table)


def ended(status: str = "SUCCEEDED", *, output: Any = None, **detail: Any) -> Execution:
    described = {"input": json.dumps(ASKED), "output": json.dumps(output)}
    return read_execution(event(status, workflow="batch", name="b", **detail), described)


@pytest.mark.parametrize("outcome", ["scored", "duplicate"])
def test_a_batch_that_was_scored_is_written_down_and_told_to_nobody(
    office: Office, outcome: str
) -> None:
    done = office.settle(ended(output={"outcome": outcome, "reason": "3 rows of 1 file"}))
    assert done == "written down"
    assert office.kinds() == ["batch_ended"]
    assert office.topic.messages == []


def test_a_failed_job_is_told_once_with_its_log_and_who_asked(office: Office) -> None:
    job = {
        "TransformJobName": "b-score-0",
        "TransformJobStatus": "Failed",
        "FailureReason": "ClientError: See job logs for more information",
    }
    failed = ended("FAILED", error="States.TaskFailed", cause=json.dumps(job))
    assert office.settle(failed) == "told"
    assert office.settle(failed, delivery="two") == "told before"
    [message] = office.topic.messages
    assert "transform job b-score-0 is Failed: ClientError: See job logs" in message["Message"]
    assert "the last line of TransformJob b-score-0" in message["Message"]
    assert "Asked by: person: the July mailing" in message["Message"]


@pytest.mark.parametrize("error", ["NoChampion", "UnreadableInput", "RowsMissing"])
def test_a_batch_that_cannot_be_scored_has_its_own_runbook(error: str) -> None:
    notice = compose(ended("FAILED", error=error, cause="a.csv holds no rows"), Circumstances())
    assert "docs/runbooks/batch-failed.md" in notice.text
