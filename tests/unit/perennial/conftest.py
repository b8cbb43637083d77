"""A moto account with the platform's buckets, and the record of a run to account for."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import boto3
import pytest
from moto import mock_aws

from contracts import artifact
from contracts.record import Provenance, Record
from contracts.snapshot import Snapshot, SnapshotFile

BUCKETS = ("data", "reports", "artifacts", "assets")
RUN = "churn-dev-0123456789ab"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    # One session for all tests: a new one reads and parses the service models again.
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield lambda service: boto3.client(service, region_name="us-east-1")


@pytest.fixture
def s3(aws: Callable[[str], Any]) -> Any:
    client = aws("s3")
    for bucket in BUCKETS:
        client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return client


def put(s3: Any, bucket: str, key: str, content: bytes) -> str:
    return s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]


def data_file(s3: Any, key: str, content: bytes, **more: Any) -> SnapshotFile:
    return SnapshotFile(
        dataset=key.split("/")[2],
        key=key,
        version_id=put(s3, "data", key, content),
        sha256=sha256(content).hexdigest(),
        size=len(content),
        **more,
    )


def snapshot_of(*files: SnapshotFile) -> Snapshot:
    schemas = {file.dataset: "s" for file in files}
    return Snapshot(model="churn", bucket="data", files=files, schemas=schemas)


def put_snapshot(s3: Any, snapshot: Snapshot) -> str:
    key = f"churn/snapshots/{snapshot.digest}/snapshot.json"
    put(s3, "data", key, json.dumps(snapshot.document()).encode())
    return f"s3://data/{key}"


def provenance(**changes: Any) -> Provenance:
    made = Provenance(
        run_id=RUN,
        as_of="1997-07-01T00:00:00Z",
        snapshot_digest="f" * 64,
        code_sha256="1" * 64,
        lock_sha256="2" * 64,
        image_commit="3" * 40,
        hyperparameters={"max_iter": "2", "seed": "1"},
        threads=1,
        python="3.12",
    )
    return replace(made, **changes)


def record(**changes: Any) -> Record:
    digest = f"sha256:{'4' * 64}"
    made = Record(
        run_id=RUN,
        model="churn",
        environment="dev",
        as_of="1997-07-01T00:00:00Z",
        cause="schedule: the schedule",
        model_package_arn="arn:package/churn-dev/2",
        image_uri=f"account/images@{digest}",
        image_digest=digest,
        code_uri="s3://assets/code.zip",
        code_commit="c" * 40,
        snapshot_uri="s3://data/churn/snapshots/f/snapshot.json",
        snapshot_digest="f" * 64,
        training_job=f"{RUN}-train-0",
        model_data_url="s3://artifacts/churn/models/job/output/model.tar.gz",
        artifact_sha256="a" * 64,
        manifest={artifact.MODEL: "b" * 64},
        provenance=provenance(),
        metrics={"auc": 0.75},
        champion_version=1,
        verdict="approved",
        reason="better",
        approved_by="the gate",
    )
    return replace(made, **changes)
