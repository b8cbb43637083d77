"""A deployed model whose data are fetched each day at six, on an account of its own."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts import layout
from contracts.ingestion import DayRecord, parse_day_record
from emulator import client
from emulator.client import RunningAccount
from perennial import deployed as stacks
from perennial import ledger
from perennial.deployed import Deployed
from tests.system.ingestion import rides_folder
from tests.system.ingestion.rides_folder import MODEL
from tests.system.loop import image_folder
from tests.system.loop.cdk_cli import ENVIRONMENT, Cdk
from tests.system.loop.operator_inbox import Inbox

START = datetime(2026, 3, 5, 10, tzinfo=UTC)
_WEATHER = """
CREATE EXTERNAL TABLE city.weather (day date, degrees double)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ','
LOCATION 's3://lake/weather/'
"""


@dataclass(slots=True, kw_only=True)
class Site:
    account: RunningAccount
    deployed: Deployed
    inbox: Inbox
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def deliver(self, day: str, text: str, name: str = "all.csv") -> None:
        """Have the stations deliver a day's rides, and the weather be known."""
        self._put(f"{layout.raw_prefix(MODEL)}stations/{day}/{name}", text)
        weather = f"{day},7.5\n".encode()
        self.client("s3").put_object(Bucket="lake", Key=f"weather/{day}.csv", Body=weather)

    def _put(self, key: str, text: str) -> None:
        self.client("s3").put_object(Bucket=self.deployed.data_bucket, Key=key, Body=text.encode())

    def ask(self, *days: str) -> dict[str, Any]:
        """Have a person name days; return what the handler answers."""
        event = {"as_of": "2026-03-09T12:00:00Z", "id": f"{len(self.ended())}", "days": days}
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs["IngestionFunction"], Payload=json.dumps(event).encode()
        )
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document
        return document

    def until(self, moment: datetime) -> None:
        """Let time pass to ``moment``, and then until nothing runs and all is told."""
        self.account.advance_to(moment, patience=60)
        self.rest()

    def rest(self) -> None:
        for _ in range(200):
            self.account.advance(20, patience=60)
            if not any(each["status"] == "RUNNING" for each in self._executions()):
                break
        else:
            pytest.fail(f"it runs and runs: {self._executions()}")
        self.account.advance(20, patience=60)

    def _executions(self) -> list[dict[str, Any]]:
        machine = self.outputs["IngestionArn"]
        return self.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]

    def ended(self) -> list[dict[str, Any]]:
        """Return what every execution came to, the first first."""
        stepfunctions = self.client("stepfunctions")
        return [
            stepfunctions.describe_execution(executionArn=each["executionArn"])
            for each in reversed(self._executions())
        ]

    def files(self, dataset: str) -> dict[str, str]:
        """Return each incoming file's text by its name."""
        prefix = layout.dataset_prefix(MODEL, dataset)
        return {key.removeprefix(prefix): self.read(key) for key in self.keys(prefix)}

    def keys(self, prefix: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=self.deployed.data_bucket, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def read(self, key: str) -> str:
        body = self.client("s3").get_object(Bucket=self.deployed.data_bucket, Key=key)["Body"]
        return body.read().decode()

    def versions(self) -> set[tuple[str, str]]:
        """Return all that was ever written to where runs read."""
        listed = self.client("s3").list_object_versions(
            Bucket=self.deployed.data_bucket, Prefix=layout.incoming_prefix(MODEL)
        )
        return {(each["Key"], each["VersionId"]) for each in listed.get("Versions", [])}

    def record(self, day: str) -> DayRecord:
        return parse_day_record(json.loads(self.read(layout.day_record_key(MODEL, day))))

    def ledger(self) -> list[str]:
        lines = ledger.entries(
            self.client("dynamodb"), table=self.deployed.ledger_table, model=MODEL, limit=100
        )
        return [f"{line.kind}: {line.summary}" for line in reversed(lines)]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    room = tmp_path_factory.mktemp("ingestion")
    rides_folder.lay_out(room / "models")
    cdk = Cdk(room=room, models=room / "models")
    cdk.synthesize()
    return cdk


@pytest.fixture
def site(assembly: Cdk, tmp_path: Path) -> Iterator[Site]:
    """Return a site whose clock stands at ``START``: each scenario tells of days of its own."""
    with client.start(state=tmp_path / "account", clock=START) as account:
        _lake(account)
        assembly.bootstrap(account)
        assembly.deploy(account)
        yield _deployed(account, tmp_path)


def _deployed(account: RunningAccount, room: Path) -> Site:
    cloudformation = account.client("cloudformation")
    found = stacks.find(cloudformation, environment=ENVIRONMENT, model=MODEL)
    image_folder.push(account, found.repository, "good")
    stack = cloudformation.describe_stacks(StackName=f"perennial-{ENVIRONMENT}-{MODEL}")
    return Site(
        account=account,
        deployed=found,
        inbox=Inbox.subscribed(
            sqs=account.client("sqs"), sns=account.client("sns"), topic_arn=found.topic_arn
        ),
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack["Stacks"][0]["Outputs"]},
    )


def _lake(account: RunningAccount) -> None:
    account.client("s3").create_bucket(Bucket="lake")
    account.client("glue").create_database(DatabaseInput={"Name": "city"})
    athena = account.client("athena")
    made = athena.start_query_execution(
        QueryString=_WEATHER, ResultConfiguration={"OutputLocation": "s3://lake/results/"}
    )["QueryExecutionId"]
    while True:
        told = athena.get_query_execution(QueryExecutionId=made)["QueryExecution"]["Status"]
        if told["State"] not in ("QUEUED", "RUNNING"):
            assert told["State"] == "SUCCEEDED", told
            return
        threading.Event().wait(0.02)
