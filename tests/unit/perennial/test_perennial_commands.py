"""Commands end with one plain sentence, a next step and an exit code."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from perennial import executions, promotion, retraining
from perennial.deployed import Deployed
from perennial.executions import Execution
from perennial.plainly import plainly
from perennial.refusal import ExitCode, Refused

NAMES = {
    name: name
    for name in Deployed.__dataclass_fields__
    if name not in ("retraining_arn", "promotion_arn")
}
DEPLOYED = Deployed(
    **NAMES,
    retraining_arn="arn:aws:states:us-east-1:1:stateMachine:retraining",
    promotion_arn="arn:aws:states:us-east-1:1:stateMachine:promotion",
)


class FakeAccount:
    def __init__(self, **clients: Any) -> None:
        self._clients = clients

    def client(self, service: str) -> Any:
        return self._clients[service.replace("lambda", "functions")]

    def now(self) -> datetime:
        return datetime(1997, 6, 2, 3, 4, 5, tzinfo=UTC)


class FakeFunctions:
    def __init__(self, answer: dict[str, Any], **extra: str) -> None:
        self._answer = answer
        self._extra = extra
        self.event: dict[str, Any] = {}

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        assert FunctionName == DEPLOYED.admission_function
        self.event = json.loads(Payload)
        return {"Payload": io.BytesIO(json.dumps(self._answer).encode()), **self._extra}


def test_a_person_asks_admission_at_the_account_s_time() -> None:
    functions = FakeFunctions({"outcome": "refused", "reason": "x is running"})
    account: Any = FakeAccount(functions=functions)
    answer = retraining.ask(account, DEPLOYED, reason="new features", force=True)
    assert (answer.outcome, answer.execution_arn) == ("refused", None)
    assert functions.event == {
        "cause": "person",
        "as_of": "1997-06-02T03:04:05Z",
        "id": "person-1997-06-02T03:04:05Z",
        "detail": "new features",
        "force": True,
    }


def test_an_admission_that_broke_is_not_taken_for_an_answer() -> None:
    functions = FakeFunctions({"errorMessage": "no table"}, FunctionError="Unhandled")
    account: Any = FakeAccount(functions=functions)
    with pytest.raises(Refused, match="admission failed: no table"):
        retraining.ask(account, DEPLOYED, reason="x", force=False)


class FakeStepFunctions:
    class exceptions:
        class ExecutionDoesNotExist(Exception):
            pass

    def __init__(self, **statuses: str) -> None:
        self._statuses = statuses
        self.redriven: list[str] = []

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        machine, name = executionArn.split(":")[-2:]
        if self._statuses.get(machine) is None:
            raise self.exceptions.ExecutionDoesNotExist
        return {
            "name": name,
            "status": self._statuses[machine],
            "startDate": datetime(1997, 6, 1, tzinfo=UTC),
        }

    def redrive_execution(self, *, executionArn: str) -> None:
        self.redriven.append(executionArn)


def test_an_execution_is_found_by_its_name_on_either_machine() -> None:
    found = executions.find(FakeStepFunctions(promotion="FAILED"), DEPLOYED, "run-1-promote-0")
    assert found.arn == "arn:aws:states:us-east-1:1:execution:promotion:run-1-promote-0"


def test_an_unknown_execution_is_named() -> None:
    with pytest.raises(Refused, match="no execution 'nope' of model in environment"):
        executions.find(FakeStepFunctions(), DEPLOYED, "nope")


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_what_failed_can_be_redriven(status: str) -> None:
    machines = FakeStepFunctions(retraining=status)
    executions.redrive(machines, executions.find(machines, DEPLOYED, "run-1"))
    assert machines.redriven == ["arn:aws:states:us-east-1:1:execution:retraining:run-1"]


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_what_did_not_fail_is_not_redriven(status: str) -> None:
    execution = Execution(arn="arn", name="run-1", status=status, started=datetime.now(UTC))
    with pytest.raises(Refused, match=f"execution run-1 is {status}; redrive takes one that is"):
        executions.redrive(FakeStepFunctions(), execution)


class FakeRegistry:
    def __init__(self, status: str) -> None:
        self.status = status
        self.updates: list[dict[str, Any]] = []

    def get_paginator(self, _: str) -> "FakeRegistry":
        return self

    def _package(self) -> dict[str, Any]:
        return {
            "ModelPackageArn": "arn:package/2",
            "ModelPackageVersion": 2,
            "ModelApprovalStatus": self.status,
            "CreationTime": datetime(1997, 6, 1, tzinfo=UTC),
        }

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"ModelPackageSummaryList": [self._package()]}]

    def describe_model_package(self, **_: Any) -> dict[str, Any]:
        return {
            **self._package(),
            "ApprovalDescription": "not better",
            "InferenceSpecification": {"Containers": [{"Image": "image", "ModelDataUrl": "u"}]},
            "CustomerMetadataProperties": {"image_digest": "sha256:1", "code_uri": "s3://c/1"},
        }

    def update_model_package(self, **update: Any) -> None:
        self.updates.append(update)


class FakeTable:
    def get_item(self, **_: Any) -> dict[str, Any]:
        return {}


class FakeMachine:
    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []

    def start_execution(self, **call: Any) -> dict[str, str]:
        self.started.append({**call, "input": json.loads(call["input"])})
        return {"executionArn": "arn:execution"}


def promoting(status: str) -> tuple[Any, FakeRegistry, FakeMachine]:
    sagemaker, machine = FakeRegistry(status), FakeMachine()
    account = FakeAccount(sagemaker=sagemaker, dynamodb=FakeTable(), stepfunctions=machine)
    return account, sagemaker, machine


def test_an_approved_version_is_promoted_with_the_evidence_it_carries() -> None:
    account, sagemaker, machine = promoting("Approved")
    promotion.promote(account, DEPLOYED, 2, approve=False, reason=None)
    (started,) = machine.started
    request = started["input"]["request"]
    assert started["input"]["package"] == {"model_package_arn": "arn:package/2", "version": 2}
    assert (request["image_uri"], request["image_digest"]) == ("image", "sha256:1")
    assert (request["code_uri"], request["cause"]["kind"]) == ("s3://c/1", "person")
    assert started["name"] == f"{request['run_id']}-promote-0"
    assert sagemaker.updates == []


@pytest.mark.parametrize(("approve", "reason"), [(False, "because"), (True, None), (True, "")])
def test_a_rejected_version_needs_approval_and_a_reason(approve: bool, reason: str | None) -> None:
    account, _, machine = promoting("Rejected")
    with pytest.raises(Refused, match="version 2 is Rejected: not better"):
        promotion.promote(account, DEPLOYED, 2, approve=approve, reason=reason)
    assert machine.started == []


def test_a_person_s_approval_says_why() -> None:
    account, sagemaker, machine = promoting("PendingManualApproval")
    promotion.promote(account, DEPLOYED, 2, approve=True, reason="checked by hand")
    (update,) = sagemaker.updates
    assert update["ApprovalDescription"] == "approved by a person: checked by hand"
    assert len(machine.started) == 1


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Refused("no.", next_step="do"), ExitCode.REFUSED, "perennial: no.\n     next: do\n"),
        (NoCredentialsError(), ExitCode.UNREACHABLE, "perennial: Unable to locate credentials"),
        (
            ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "ListStacks"),
            ExitCode.UNREACHABLE,
            "perennial: ListStacks was refused with ExpiredToken: old",
        ),
        (
            ClientError({"Error": {"Code": "ValidationException", "Message": "x"}}, "Do"),
            ExitCode.REFUSED,
            "perennial: Do was refused with ValidationException: x",
        ),
    ],
)
def test_what_stops_a_command_is_said_plainly(
    error: Exception, code: ExitCode, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left, plainly():
        raise error
    assert left.value.code == int(code)
    assert capsys.readouterr().err.startswith(said)


def test_help_needs_neither_boto3_nor_the_cdk() -> None:
    script = (
        "import sys, runpy\n"
        "sys.argv = ['perennial', '--help']\n"
        "try: runpy.run_module('perennial', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({'boto3', 'botocore', 'aws_cdk', 'jsii'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "explain" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "1", "--run", "run-1"],
        ["explain", "0"],
        ["diff", "1"],
        ["recreate"],
        ["backfill"],
        ["resume"],
    ],
    ids=" ".join,
)
def test_a_command_that_lacks_something_is_wrong_usage(arguments: list[str]) -> None:
    from typer.testing import CliRunner

    from perennial.__main__ import app

    assert CliRunner().invoke(app, arguments).exit_code == 2
