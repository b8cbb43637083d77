import json
from hashlib import sha256
from typing import Any

import pytest

from contracts.snapshot import parse_snapshot
from lambdas.adapters.documents import Documents
from lambdas.snapshot.data_bucket import DataBucket
from lambdas.snapshot.decision import NoModelData
from lambdas.snapshot.handler import take_snapshot
from tests.unit.lambdas.examples import CARD, request


@pytest.fixture
def data(s3: Any, documents: Documents) -> DataBucket:
    return DataBucket(s3, documents, bucket="data", model="churn")


def put(s3: Any, name: str, content: bytes) -> str:
    return s3.put_object(Bucket="data", Key=f"churn/incoming/{name}", Body=content)["VersionId"]


def take(data: DataBucket, documents: Documents) -> dict[str, Any]:
    return take_snapshot(request(), card=CARD, bucket="data", data=data, documents=documents)


def test_a_snapshot_names_each_file_by_version_and_sha256(
    s3: Any, data: DataBucket, documents: Documents
) -> None:
    put(s3, "purchases/b.csv", b"old")
    version = put(s3, "purchases/b.csv", b"new")
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/2/x.csv", b"x")
    put(s3, "labels/", b"")

    answer = take(data, documents)

    snapshot = parse_snapshot(documents.read_json(answer["uri"]))
    assert [file.key.removeprefix("churn/incoming/") for file in snapshot.files] == [
        "labels/2/x.csv",
        "purchases/a.csv",
        "purchases/b.csv",
    ]
    assert snapshot.files[2].version_id == version
    assert snapshot.files[2].sha256 == sha256(b"new").hexdigest()
    assert answer["digest"] == snapshot.digest
    assert answer["uri"] == f"s3://data/churn/snapshots/{snapshot.digest}/snapshot.json"
    assert answer["files"] == 3


def test_a_manifest_has_a_prefix_and_the_rest_of_each_key(
    s3: Any, data: DataBucket, documents: Documents
) -> None:
    put(s3, "purchases/b.csv", b"b")
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/2/x.csv", b"x")

    manifests = take(data, documents)["manifests"]

    assert json.loads(documents.read(manifests["purchases"])) == [
        {"prefix": "s3://data/churn/incoming/purchases/"},
        "a.csv",
        "b.csv",
    ]
    assert json.loads(documents.read(manifests["labels"])) == [
        {"prefix": "s3://data/churn/incoming/labels/"},
        "2/x.csv",
    ]


def test_the_same_bytes_are_the_same_snapshot(
    s3: Any, data: DataBucket, documents: Documents
) -> None:
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/x.csv", b"x")
    first = take(data, documents)
    put(s3, "labels/x.csv", b"x")  # another version of the same bytes

    assert take(data, documents) == first
    put(s3, "labels/x.csv", b"y")
    assert take(data, documents)["digest"] != first["digest"]


def test_a_dataset_without_files_is_named(s3: Any, data: DataBucket, documents: Documents) -> None:
    put(s3, "purchases/a.csv", b"a")

    with pytest.raises(NoModelData) as refusal:
        take(data, documents)

    assert str(refusal.value) == (
        "dataset 'labels' has no files below s3://data/churn/incoming/labels/"
    )


def test_a_bucket_that_keeps_no_versions_is_refused(s3: Any, documents: Documents) -> None:
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="plain", Key="churn/incoming/labels/x.csv", Body=b"x")

    with pytest.raises(RuntimeError, match="bucket plain must be versioned"):
        DataBucket(s3, documents, bucket="plain", model="churn").files("labels")


@pytest.mark.slow
def test_files_beyond_the_first_page_are_in_the_snapshot(s3: Any, data: DataBucket) -> None:
    for number in range(1001):
        put(s3, f"labels/{number:04}.csv", b"x")

    assert len(data.files("labels")) == 1001
