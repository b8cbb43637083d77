"""An AWS account of moto's for the adapters, with the platform's tables and buckets."""

from collections.abc import Iterator
from threading import RLock
from typing import Any

import boto3
import pytest
from moto import mock_aws

from contracts.state import KEY
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable

BUCKETS = ("data", "artifacts", "captures", "reports")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    # One session for all tests: a new one reads and parses the service models again.
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3")
    for bucket in BUCKETS:
        client.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def documents(s3: Any) -> Documents:
    return Documents(s3)


@pytest.fixture
def state_table(aws: None) -> StateTable:
    return StateTable(AtomicTable(_table("state", KEY)))


@pytest.fixture
def ledger_table(aws: None) -> Any:
    return AtomicTable(_table("ledger", "model", "entry"))


@pytest.fixture
def ledger(ledger_table: Any) -> Ledger:
    return Ledger(ledger_table)


@pytest.fixture
def sagemaker(aws: None) -> Any:
    client = boto3.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName="churn-dev")
    return client


class AtomicTable:
    """Each call alone, as DynamoDB has it for one item; moto lets threads see half an update."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._lock = RLock()

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._table, operation)

        def alone(**arguments: Any) -> Any:
            with self._lock:
                return call(**arguments)

        return alone


def _table(name: str, *keys: str) -> Any:
    dynamodb: Any = boto3.resource("dynamodb")
    return dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )
