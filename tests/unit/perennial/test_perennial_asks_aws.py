"""What commands read of an account, asked of moto's."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from contracts import state as names
from contracts.ledger import LedgerEntry, LedgerKind
from perennial import ledger, registry, state
from perennial.deployed import find
from perennial.refusal import ExitCode, Refused

STORAGE = (
    "DataBucket",
    "ArtifactsBucket",
    "CapturesBucket",
    "ReportsBucket",
    "RepositoryName",
    "LedgerTable",
    "StateTable",
)
WORKLOAD = (
    "AdmissionFunction",
    "RetrainingArn",
    "PromotionArn",
    "DriftCheckFunction",
    "EndpointName",
    "PackageGroup",
    "DriftAlarm",
    "Alarms",
    "JobRoleArn",
    "ServingMode",
)


def cloudformation(*answers: tuple[str, ...] | None) -> Any:
    """A client that has one stack with these outputs after the other; None: it has no such."""
    client = boto3.client("cloudformation", region_name="us-east-1")
    stubber = Stubber(client)
    for name, outputs in zip(("storage", "operations", "churn"), answers, strict=False):
        if outputs is None:
            message = "Stack with id x does not exist"
            stubber.add_client_error("describe_stacks", "ValidationError", message)
            continue
        described = {
            "StackName": name,
            "CreationTime": datetime(1997, 5, 1, tzinfo=UTC),
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": [
                {"OutputKey": each, "OutputValue": f"{each} of {name}"} for each in outputs
            ],
        }
        stubber.add_response("describe_stacks", {"Stacks": [described]})
    stubber.activate()
    return client


def test_what_is_deployed_is_read_from_the_outputs_of_three_stacks() -> None:
    client = cloudformation(STORAGE, ("TopicArn",), WORKLOAD)
    found = find(client, environment="dev", model="churn")
    assert found.data_bucket == "DataBucket of storage"
    assert found.topic_arn == "TopicArn of operations"
    assert found.drift_alarm == "DriftAlarm of churn"


def test_a_stack_that_is_not_there_is_named_with_the_way_to_it() -> None:
    with pytest.raises(Refused, match="stack perennial-prod-storage does not exist") as refused:
        find(cloudformation(None), environment="prod", model="churn")
    assert refused.value.code is ExitCode.NOT_DEPLOYED
    assert "make deploy ENV=prod" in refused.value.next_step


def test_an_output_that_is_missing_is_named_beside_those_that_are_there() -> None:
    client = cloudformation(STORAGE, ("Other",), WORKLOAD)
    with pytest.raises(Refused, match=r"has no output 'TopicArn'; it has: Other"):
        find(client, environment="dev", model="churn")


def table(dynamodb: Any, name: str, *keys: str) -> None:
    kinds = ("HASH", "RANGE")
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds, strict=False)
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def resource(name: str) -> Any:
    dynamodb: Any = boto3.resource("dynamodb", region_name="us-east-1")
    return dynamodb.Table(name)


def line(day: int, kind: LedgerKind, model: str = "churn") -> LedgerEntry:
    return LedgerEntry(
        model=model,
        at=datetime(1997, 5, day, tzinfo=UTC),
        kind=kind,
        subject=f"run-{day}",
        summary=f"day {day}",
        details={"number": str(day)},
    )


def test_the_ledger_is_read_newest_first_by_kind_and_number(aws: Any) -> None:
    dynamodb = aws("dynamodb")
    table(dynamodb, "ledger", "model", "entry")
    rows = resource("ledger")
    started, ended = LedgerKind.RUN_STARTED, LedgerKind.RUN_ENDED
    lines = [line(2, started), line(1, started), line(3, ended), line(4, started)]
    for each in (*lines, line(9, started, model="other")):
        rows.put_item(Item=each.item())

    def read(**how: Any) -> list[LedgerEntry]:
        return ledger.entries(dynamodb, table="ledger", model="churn", **how)

    assert [each.at.day for each in read(limit=10)] == [4, 3, 2, 1]
    assert read(limit=2, kinds=(started,)) == [lines[3], lines[0]]
    since = datetime(1997, 5, 3, tzinfo=UTC)
    assert [each.at.day for each in read(limit=9, since=since)] == [4, 3]


def test_the_champion_is_read_from_the_state_table(aws: Any) -> None:
    dynamodb = aws("dynamodb")
    table(dynamodb, "state", names.KEY)
    assert state.champion(dynamodb, "state", "churn") is None
    fields = {
        "model_package_arn": "arn:…/churn-dev/3",
        "version": 3,
        "model_data_url": "s3://artifacts/model.tar.gz",
        "artifact_sha256": "a",
        "manifest_sha256": "b",
        "baseline_uri": "s3://reports/baseline.json",
        "promoted_at": "1997-06-02T00:20:00Z",
        "deployment": "churn-dev-v3-12345678",
    }
    rows = resource("state")
    rows.put_item(Item={names.KEY: names.champion("churn"), **fields})
    rows.put_item(Item={names.KEY: names.lease("churn"), "token": 7})
    found = state.champion(dynamodb, "state", "churn")
    assert found is not None
    assert (found.version, found.deployment) == (3, "churn-dev-v3-12345678")
    assert state.fencing_token(dynamodb, "state", "churn") == 7
    assert state.lease_owner(dynamodb, "state", "churn") is None


class FakeSageMaker:
    """A registry whose list is neither sorted nor complete in one page."""

    def __init__(self, *versions: int) -> None:
        self.versions = versions
        self.asked: dict[str, Any] = {}

    def _summary(self, version: int) -> dict[str, Any]:
        return {
            "ModelPackageArn": f"arn:package/churn-dev/{version}",
            "ModelPackageVersion": version,
            "ModelApprovalStatus": "Approved",
            "CreationTime": datetime(1997, 5, version, tzinfo=UTC),
        }

    def list_model_packages(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return {"ModelPackageSummaryList": [self._summary(each) for each in self.versions]}

    def get_paginator(self, _: str) -> "FakeSageMaker":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"ModelPackageSummaryList": [self._summary(each)]} for each in self.versions]

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        return {
            **self._summary(int(ModelPackageName.rpartition("/")[2])),
            "InferenceSpecification": {"Containers": [{"Image": "i", "ModelDataUrl": "u"}]},
            "CustomerMetadataProperties": {"run_id": "r"},
        }


def test_newest_versions_are_asked_for_in_that_order() -> None:
    sagemaker = FakeSageMaker(2, 10, 9)
    found = registry.versions(sagemaker, "churn-dev")
    assert [each.version for each in found] == [10, 9, 2]
    assert sagemaker.asked["SortOrder"] == "Descending"


def test_a_version_is_found_on_whichever_page_it_is() -> None:
    found = registry.package(FakeSageMaker(1, 2, 3), "churn-dev", 3)
    assert (found.version.arn, found.metadata) == ("arn:package/churn-dev/3", {"run_id": "r"})


def test_a_version_that_does_not_exist_is_named_beside_those_that_do() -> None:
    with pytest.raises(Refused, match="has no version 7; its newest: 3, 1"):
        registry.package(FakeSageMaker(1, 3), "churn-dev", 7)
