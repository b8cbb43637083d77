"""What ends mean for later runs: rejections in a row, quarantined data, backfills."""

import json
from typing import Any

import pytest

from contracts import moment, state
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Purpose
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.rejections import Rejections
from lambdas.adapters.state import StateTable
from lambdas.settlement.execution import Execution, read_execution
from tests.unit.lambdas.examples import request
from tests.unit.lambdas.test_settlement import RUN, Office, event, execution

ROLLED_BACK = json.dumps({"errorType": "CandidateRolledBack", "errorMessage": "5xx"})


@pytest.fixture
def office(state_table: StateTable, ledger: Ledger, ledger_table: Any) -> Office:
    made = Office(state_table, ledger, ledger_table)
    made.state.write(state.admission("churn"), {"max_rejected": 3})
    return made


def ended(run: str, outcome: str) -> Execution:
    return execution(name=run, output={"outcome": outcome, "reason": "why"})


def rolled_back(run: str, **changes: Any) -> Execution:
    return execution("FAILED", name=run, error="States.TaskFailed", cause=ROLLED_BACK, **changes)


def counted(office: Office) -> frozenset[str]:
    return Rejections(office.state, "churn").runs()


def test_the_rejection_that_reaches_the_limit_says_that_retraining_is_paused(
    office: Office,
) -> None:
    office.settle(ended("one", "rejected"))
    office.settle(rolled_back("two"))
    office.settle(ended("three", "rejected"))

    first, second, third = office.topic.messages
    assert "paused" not in first["Message"] + second["Message"]
    assert third["Subject"] == "[dev] churn: retraining rejected, and retraining is paused"
    assert "Paused: 3 rejected candidates in a row" in third["Message"]
    assert "Runbook: docs/runbooks/retraining-paused.md" in third["Message"]
    assert "`perennial resume --model churn`" in third["Message"]
    assert office.kinds().count("paused") == 1


def test_an_end_told_twice_counts_once(office: Office) -> None:
    for delivery in ("a", "b", "a"):
        office.settle(ended("one", "rejected"), delivery=delivery)
    office.settle(rolled_back("two"))
    office.settle(rolled_back("two", redriveCount=1))

    assert counted(office) == {"one", "two"}
    assert "paused" not in office.kinds()


def test_a_pause_is_told_by_the_retry_of_a_delivery_that_crashed(office: Office) -> None:
    office.settle(ended("one", "rejected"))
    office.settle(ended("two", "rejected"))
    office.topic.broken = True
    with pytest.raises(ConnectionError):
        office.settle(ended("three", "rejected"), delivery="a")
    office.topic.broken = False

    office.settle(ended("three", "rejected"), delivery="a")

    assert "retraining is paused" in office.topic.messages[-1]["Subject"]
    assert office.kinds().count("paused") == 1


def test_it_is_told_once_that_retraining_is_paused(office: Office) -> None:
    for run in ("one", "two", "three", "four"):
        office.settle(ended(run, "rejected"))

    told = [message for message in office.topic.messages if "paused" in message["Subject"]]
    assert len(told) == 1


@pytest.mark.parametrize(
    "promoted",
    [
        ended("three", "promoted"),
        read_execution(
            event(workflow="promotion", name="a-persons"),
            {
                "input": json.dumps({"request": request().document()}),
                "output": json.dumps({"outcome": "promoted", "reason": "serves"}),
            },
        ),
    ],
    ids=["by a run", "by a person"],
)
def test_a_promotion_begins_the_count_anew(office: Office, promoted: Execution) -> None:
    office.settle(ended("one", "rejected"))
    office.settle(ended("two", "rejected"))

    office.settle(promoted)

    assert counted(office) == frozenset()


@pytest.mark.parametrize("outcome", ["pending", "backfilled"])
def test_what_was_not_rejected_is_not_counted(office: Office, outcome: str) -> None:
    office.settle(ended("one", outcome))

    assert counted(office) == frozenset()


def test_a_failure_that_is_no_judgement_is_not_counted(office: Office) -> None:
    office.settle(execution("FAILED", error="States.TaskFailed", cause="anything"))
    office.settle(execution("TIMED_OUT", name="another"))

    assert counted(office) == frozenset()


def test_the_next_run_is_let_in_only_after_the_rejection_counts(office: Office) -> None:
    office.hold("three")
    office.state.update = _refusing(office.state, "REMOVE")  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ConnectionError):
        office.settle(ended("three", "rejected"))

    assert counted(office) == {"three"}


def _refusing(table: StateTable, word: str) -> Any:
    """Break the update whose expression begins so: the lease is then not given back."""
    update = table.update

    def broken(item: str, expression: str, condition: str, **values: Any) -> bool:
        if expression.startswith(word):
            raise ConnectionError("no answer")
        return update(item, expression, condition, **values)

    return broken


def test_a_backfill_counts_for_nothing(office: Office) -> None:
    record = {"last_run_id": RUN, "data_fingerprint": "new", "judged_fingerprint": "old"}
    office.state.write(state.admission("churn"), {**record, "max_rejected": 1})
    asked = request(purpose=Purpose.BACKFILL)
    output = {"outcome": "rejected", "reason": "why"}
    described = {"input": json.dumps(asked.document()), "output": json.dumps(output)}

    office.settle(read_execution(event(), described))

    assert office.admitted()["judged_fingerprint"] == "old"
    assert counted(office) == frozenset()
    assert "paused" not in office.kinds()


def test_a_run_that_ended_well_without_some_of_its_data_says_so(office: Office) -> None:
    for subject in (RUN, "another-run"):
        office.settlement.ledger.append(
            LedgerEntry(
                model="churn",
                at=moment.parse("1997-07-01T00:00:00Z"),
                kind=LedgerKind.DATA_REFUSED,
                subject=subject,
                summary=f"{subject} refused 1 file(s): labels/a.csv has no header",
                details={},
            )
        )

    office.settle(ended(RUN, "promoted"))

    [message] = office.topic.messages
    assert f"Data refused: {RUN} refused 1 file(s): labels/a.csv" in message["Message"]
    assert "another-run" not in message["Message"]
    assert "Runbook: docs/runbooks/data-rejected.md" in message["Message"]
