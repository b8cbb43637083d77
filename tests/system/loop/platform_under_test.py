"""A deployed platform as its scenarios use it: ask, land data, let time pass, look at it."""

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts import layout, moment
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Champion
from demo.account import impatient_client
from demo.history import History
from emulator.client import PROJECT, RunningAccount
from perennial import ledger, state
from perennial.deployed import Deployed
from tests.system.loop.cdk_cli import Cdk
from tests.system.loop.late_data import LateData
from tests.system.loop.operator_inbox import Inbox, Notice

STEP = 20.0
"""Seconds of the account per advance while something runs."""
_PATIENCE = 60.0
_CAP = 150.0
"""Real seconds after which a scenario is stuck."""
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An execution that ended, and what was said about it."""

    run_id: str
    arn: str
    status: str
    error: str
    cause: str
    output: Mapping[str, Any]
    told_before: int
    """How many notifications there were before it."""

    def failed(self) -> str:
        return f"{self.run_id} is {self.status}: {self.error}: {self.cause}"


@dataclass(slots=True, kw_only=True)
class Platform:
    account: RunningAccount
    cdk: Cdk
    deployed: Deployed
    history: History
    late: LateData
    models: Path
    inbox: Inbox
    _asked: Iterator[int] = field(default=_NUMBERS)

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def impatient_runtime(self) -> Any:
        """Return a client of endpoints whose first failure is final."""
        return impatient_client(self.account, "sagemaker-runtime", connections=4)

    # ── asking for runs ─────────────────────────────────────────────────────────────────────

    def admit(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Hand ``event`` to admission, as EventBridge, Scheduler or a person does."""
        answer = self.client("lambda").invoke(
            FunctionName=self.deployed.admission_function, Payload=json.dumps(event).encode()
        )
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document
        return document

    def start(self, why: str, *, force: bool = True) -> str:
        """Start a run as a person; return its id."""
        event = {
            "cause": "person",
            "as_of": moment.render(self.account.now()),
            "id": f"{why} {next(self._asked)}",
            "detail": why,
            "force": force,
        }
        answer = self.admit(event)
        assert answer["outcome"] == "started", answer
        return answer["run_id"]

    def run(self, why: str, *, force: bool = True) -> Run:
        """Have a person start a run; return when it has ended and is settled."""
        told = len(self.inbox.all())
        run_id = self.start(why, force=force)
        self.come_to_rest()
        return self.ended(run_id, told_before=told)

    def ended(self, run_id: str, *, told_before: int = 0) -> Run:
        arn = f"{self.deployed.retraining_arn.replace(':stateMachine:', ':execution:')}:{run_id}"
        found = self.client("stepfunctions").describe_execution(executionArn=arn)
        return Run(
            run_id=run_id,
            arn=arn,
            status=found["status"],
            error=found.get("error", ""),
            cause=found.get("cause", ""),
            output=json.loads(found.get("output") or "{}"),
            told_before=told_before,
        )

    def runs(self) -> set[str]:
        """Return the ids of all runs there ever were."""
        pages = self.client("stepfunctions").get_paginator("list_executions")
        return {
            execution["name"]
            for page in pages.paginate(stateMachineArn=self.deployed.retraining_arn)
            for execution in page["executions"]
        }

    def steps(self, run: Run) -> list[str]:
        """Return the states that the run entered, in their order."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages.paginate(executionArn=run.arn)
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def command_line(self, *arguments: str) -> dict[str, Any]:
        """Have a person run ``perennial`` on this account; return what it answers as JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "perennial", *arguments, "--json"],
            cwd=PROJECT,
            env={**os.environ, **self.account.environment()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    # ── data ────────────────────────────────────────────────────────────────────────────────

    def land(self, name: str, content: bytes, *, dataset: str = "purchases") -> str:
        """Put a file where data lands; return its key. The event that follows may start a run."""
        key = layout.dataset_prefix(self.deployed.model, dataset) + name
        self.client("s3").put_object(Bucket=self.deployed.data_bucket, Key=key, Body=content)
        return key

    @contextmanager
    def no_new_data_rule(self) -> Iterator[None]:
        """Land data without the event that asks for a run, as an operator may switch it off."""
        events = self.client("events")
        [rule] = [
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if "Object Created" in rule.get("EventPattern", "")
        ]
        events.disable_rule(Name=rule)
        try:
            yield
        finally:
            events.enable_rule(Name=rule)

    @contextmanager
    def model_code(self, archive: bytes) -> Iterator[Callable[[], None]]:
        """Have runs get ``archive`` as the model's code; yields what mends it before the end."""
        bucket, key = layout.split_s3_uri(self.code_uri)
        s3 = self.client("s3")
        good = s3.get_object(Bucket=bucket, Key=key)["Body"].read()

        def mend() -> None:
            s3.put_object(Bucket=bucket, Key=key, Body=good)

        s3.put_object(Bucket=bucket, Key=key, Body=archive)
        try:
            yield mend
        finally:
            mend()

    @property
    def code_uri(self) -> str:
        found = self.client("lambda").get_function_configuration(
            FunctionName=self.deployed.admission_function
        )
        return found["Environment"]["Variables"]["PERENNIAL_CODE_URI"]

    # ── time ────────────────────────────────────────────────────────────────────────────────

    def come_to_rest(self) -> None:
        """Let time pass until nothing runs, whoever held the lease gave it back, all is told."""
        self.pass_until(lambda: not self.running(), "no execution runs")
        self.pass_until(lambda: self.lease_owner() is None, "the lease is free")
        self.account.advance(STEP, patience=_PATIENCE)

    def pass_until(self, condition: Callable[[], bool], what: str, step: float = STEP) -> None:
        """Let the account's time pass, in small steps, until ``condition`` holds."""
        until = time.monotonic() + _CAP
        while not condition():
            assert time.monotonic() < until, f"after {_CAP:g} s not so: {what}\n{self.recently()}"
            self.account.advance(step, patience=_PATIENCE)

    def running(self) -> list[str]:
        return [
            execution["executionArn"]
            for machine in (self.deployed.retraining_arn, self.deployed.promotion_arn)
            for execution in self.client("stepfunctions").list_executions(
                stateMachineArn=machine, statusFilter="RUNNING"
            )["executions"]
        ]

    def recently(self) -> str:
        lines = [f"{line.at} {line.summary}" for line in self.ledger()[-8:]]
        return "\n".join([*lines, f"running: {self.running()}", f"lease: {self.lease_owner()}"])

    # ── what is so ──────────────────────────────────────────────────────────────────────────

    def ledger(
        self, kind: LedgerKind | None = None, *, about: str = "", since: datetime | None = None
    ) -> list[LedgerEntry]:
        """Return the ledger's lines, oldest first, that mention ``about``."""
        found = ledger.entries(
            self.client("dynamodb"),
            table=self.deployed.ledger_table,
            model=self.deployed.model,
            kind=kind,
            limit=10_000,
        )
        return [
            entry
            for entry in reversed(found)
            if about in f"{entry.subject} {entry.summary} {dict(entry.details)}"
            and (since is None or entry.at >= since)
        ]

    def lease_owner(self) -> str | None:
        return state.lease_owner(
            self.client("dynamodb"), self.deployed.state_table, self.deployed.model
        )

    def champion(self) -> Champion:
        found = state.champion(
            self.client("dynamodb"), self.deployed.state_table, self.deployed.model
        )
        assert found is not None, "there is no champion"
        return found

    def notices(self, run: Run) -> list[Notice]:
        """Return every notification since the run was asked for, all of which must name it."""
        told = self.inbox.all()[run.told_before :]
        assert all(run.run_id in notice.text for notice in told), told
        return told

    def drift_alarm(self) -> dict[str, Any]:
        [alarm] = self.client("cloudwatch").describe_alarms(AlarmNames=[self.deployed.drift_alarm])[
            "MetricAlarms"
        ]
        return alarm

    def endpoint(self) -> dict[str, Any]:
        return self.client("sagemaker").describe_endpoint(EndpointName=self.deployed.endpoint)

    def ask_model(self, rows: bytes, inference_id: str = "") -> int:
        """Have the endpoint score ``rows``; return the version that answered."""
        named = {"InferenceId": inference_id} if inference_id else {}
        answer = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.deployed.endpoint, ContentType="text/csv", Body=rows, **named
        )
        document = json.loads(answer["Body"].read())
        assert len(document["predictions"]) == len(rows.splitlines()), document
        return int(document["model_version"])

    def assert_at_rest_on(self, champion: Champion) -> None:
        """The champion serves: by the pointer, by the endpoint, by its answers; no lease is out."""
        assert self.champion() == champion
        endpoint = self.endpoint()
        assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == (
            "InService",
            champion.deployment,
        )
        assert self.ask_model(self.request_rows(3)) == champion.version
        assert self.lease_owner() is None
        assert self.running() == []

    def request_rows(self, count: int, *, snapshot: str = "1997-02-01") -> bytes:
        """Return rows of a month's requests, spread evenly over its customers, as CSV."""
        lines = (self.history.root / "requests" / f"{snapshot}.csv").read_text().splitlines()[1:]
        rows = [line.partition(",")[2] for line in lines[:: max(1, len(lines) // count)]]
        return ("\n".join(rows[:count]) + "\n").encode()
