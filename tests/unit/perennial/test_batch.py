"""A person scores files: what is asked of the account, and how a failure reads."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from contracts.batch import parse_batch_request
from perennial import batch
from perennial.account import Account
from perennial.refusal import Refused
from tests.unit.perennial.a_platform import DEPLOYED, NOW

MACHINE = "arn:aws:states:us-east-1:1:stateMachine:batch"


@dataclass
class FakeMachine:
    ends: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    started: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def start_execution(self, **asked: Any) -> dict[str, str]:
        self.started.append(asked)
        return {"executionArn": f"{MACHINE}:{asked['name']}"}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        return self.ends.pop(0)


class FakeAccount(Account):
    def __init__(self, **clients: Any) -> None:
        super().__init__()
        self._clients = clients

    def now(self) -> Any:
        return NOW


@pytest.fixture
def machine() -> FakeMachine:
    return FakeMachine()


@pytest.fixture
def account(s3: Any, machine: FakeMachine) -> Account:
    return FakeAccount(s3=s3, stepfunctions=machine)


def of_data() -> Any:
    """The platform with its data in the account's bucket."""
    return replace(DEPLOYED, data_bucket="data")


def test_a_file_is_uploaded_beside_its_answers_and_the_machine_asked_once(
    account: Account, machine: FakeMachine, s3: Any, tmp_path: Path
) -> None:
    file = tmp_path / "july.csv"
    file.write_text("1,2\n")
    scored = batch.start(account, of_data(), str(file), reason="the July mailing")
    [asked] = machine.started
    assert asked["stateMachineArn"] == MACHINE
    request = parse_batch_request(json.loads(asked["input"]))
    assert request.input == scored.input
    assert request.input == f"s3://data/churn/batch/{asked['name']}/input/july.csv"
    assert request.cause.detail == "the July mailing"
    key = request.input.removeprefix("s3://data/")
    assert s3.get_object(Bucket="data", Key=key)["Body"].read() == b"1,2\n"


def test_what_lies_in_s3_stays_there(account: Account, machine: FakeMachine) -> None:
    scored = batch.start(account, of_data(), "s3://data/churn/batch/july/", reason="r")
    assert scored.input == "s3://data/churn/batch/july/"


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing.csv", "neither an S3 URI nor a file"), ("here.xlsx", r"must end with \.csv")],
)
def test_what_cannot_be_scored_is_refused_before_anything_is_sent(
    account: Account, machine: FakeMachine, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "here.xlsx").write_text("x")
    with pytest.raises(Refused, match=said):
        batch.start(account, of_data(), str(tmp_path / name), reason="r")
    assert machine.started == []


def scored(account: Account, machine: FakeMachine, *ends: dict[str, Any]) -> batch.Scored:
    machine.ends += [{"status": "RUNNING"}, *ends]
    paused: list[None] = []
    begun = batch.start(account, of_data(), "s3://data/churn/batch/july/", reason="r")
    return batch.wait(account, begun, pause=lambda: paused.append(None))


def test_the_answers_of_one_file_become_one_file_and_of_several_a_folder(
    account: Account, machine: FakeMachine, s3: Any, tmp_path: Path
) -> None:
    output = {"rows": 2, "version": 4, "output": "s3://data/churn/batch/b/scored"}
    done = scored(account, machine, {"status": "SUCCEEDED", "output": json.dumps(output)})
    assert (done.rows, done.version) == (2, 4)
    s3.put_object(Bucket="data", Key="churn/batch/b/scored/a.csv.out", Body=b"{}\n")
    found = batch.bring(account, done, tmp_path / "answers.jsonl")
    assert found.files == [str(tmp_path / "answers.jsonl")]
    s3.put_object(Bucket="data", Key="churn/batch/b/scored/more/b.csv.out", Body=b"{}\n")
    found = batch.bring(account, done, tmp_path / "answers")
    names = ["answers/a.csv.jsonl", "answers/more/b.csv.jsonl"]
    assert found.files == [str(tmp_path / name) for name in names]


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ({"errorMessage": "a.csv holds no rows"}, "UnreadableInput: a.csv holds no rows"),
        (
            {"TransformJobName": "b-score-0", "FailureReason": "ClientError: See job logs"},
            "transform job b-score-0: ClientError: See job logs",
        ),
        (None, "no cause was given"),
    ],
)
def test_a_failure_names_what_failed_and_what_to_do(
    account: Account, machine: FakeMachine, cause: dict[str, str] | None, said: str
) -> None:
    told = {} if cause is None else {"cause": json.dumps(cause)}
    with pytest.raises(Refused, match=said) as refused:
        scored(account, machine, {"status": "FAILED", "error": "UnreadableInput", **told})
    assert "perennial redrive churn-dev-batch-" in refused.value.next_step
