"""What can be seen of a deployed platform: what serves, what ran, what was written down."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Champion
from demo.account import impatient_client
from demo.history import History
from emulator.client import RunningAccount
from perennial import ledger, state
from perennial.deployed import Deployed


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
class PlatformView:
    account: RunningAccount
    deployed: Deployed
    history: History

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def impatient_runtime(self) -> Any:
        """Return a client of endpoints whose first failure is final."""
        return impatient_client(self.account, "sagemaker-runtime", connections=4)

    def champion(self) -> Champion:
        found = state.champion(
            self.client("dynamodb"), self.deployed.state_table, self.deployed.model
        )
        assert found is not None, "there is no champion"
        return found

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

    def request_rows(self, count: int, *, snapshot: str = "1997-02-01") -> bytes:
        """Return rows of a month's requests, spread evenly over its customers, as CSV."""
        lines = (self.history.root / "requests" / f"{snapshot}.csv").read_text().splitlines()[1:]
        rows = [line.partition(",")[2] for line in lines[:: max(1, len(lines) // count)]]
        return ("\n".join(rows[:count]) + "\n").encode()

    def assert_at_rest_on(self, champion: Champion, *, asking: bytes = b"") -> None:
        """The champion serves: by the pointer, by the endpoint, by its answers; no lease is out."""
        assert self.champion() == champion
        endpoint = self.endpoint()
        assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == (
            "InService",
            champion.deployment,
        )
        assert self.ask_model(asking or self.request_rows(3)) == champion.version
        assert self.lease_owner() is None
        assert self.running() == []

    def drift_alarm(self) -> dict[str, Any]:
        [alarm] = self.client("cloudwatch").describe_alarms(AlarmNames=[self.deployed.drift_alarm])[
            "MetricAlarms"
        ]
        return alarm

    @property
    def code_uri(self) -> str:
        found = self.client("lambda").get_function_configuration(
            FunctionName=self.deployed.admission_function
        )
        return found["Environment"]["Variables"]["PERENNIAL_CODE_URI"]

    def lease_owner(self) -> str | None:
        return state.lease_owner(
            self.client("dynamodb"), self.deployed.state_table, self.deployed.model
        )

    def ledger(self, kind: LedgerKind | None = None, *, about: str = "") -> list[LedgerEntry]:
        """Return the ledger's lines, oldest first, that mention ``about``."""
        found = ledger.entries(
            self.client("dynamodb"),
            table=self.deployed.ledger_table,
            model=self.deployed.model,
            kinds=() if kind is None else (kind,),
            limit=10_000,
        )
        return [
            entry
            for entry in reversed(found)
            if about in f"{entry.subject} {entry.summary} {dict(entry.details)}"
        ]

    def recently(self) -> str:
        lines = [f"{line.at} {line.summary}" for line in self.ledger()[-8:]]
        return "\n".join([*lines, f"running: {self.running()}", f"lease: {self.lease_owner()}"])

    def runs(self) -> set[str]:
        """Return the ids of all runs there ever were."""
        pages = self.client("stepfunctions").get_paginator("list_executions")
        return {
            execution["name"]
            for page in pages.paginate(stateMachineArn=self.deployed.retraining_arn)
            for execution in page["executions"]
        }

    def running(self) -> list[str]:
        return [
            execution["executionArn"]
            for machine in (self.deployed.retraining_arn, self.deployed.promotion_arn)
            for execution in self.client("stepfunctions").list_executions(
                stateMachineArn=machine, statusFilter="RUNNING"
            )["executions"]
        ]

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

    def steps(self, run: Run) -> list[str]:
        """Return the states that the run entered, in their order."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages.paginate(executionArn=run.arn)
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]
