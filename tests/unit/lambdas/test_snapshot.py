import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from contracts import moment
from contracts.run import Purpose
from contracts.snapshot import Accepted, parse_snapshot
from lambdas.adapters.documents import Documents
from lambdas.adapters.snapshots import Snapshots
from lambdas.adapters.state import StateTable
from lambdas.snapshot.data_bucket import DataBucket
from lambdas.snapshot.decision import NoModelData, Version, as_of, known
from lambdas.snapshot.handler import take_snapshot
from tests.unit.lambdas.examples import CARD, request

Take = Callable[..., dict[str, Any]]


@pytest.fixture
def data(s3: Any, documents: Documents) -> DataBucket:
    return DataBucket(s3, documents, bucket="data", model="churn")


@pytest.fixture
def snapshots(documents: Documents, state_table: StateTable) -> Snapshots:
    return Snapshots(documents, state_table, model="churn")


@pytest.fixture
def take(data: DataBucket, snapshots: Snapshots) -> Take:
    def run(**changes: Any) -> dict[str, Any]:
        return take_snapshot(
            request(**changes), card=CARD, bucket="data", data=data, snapshots=snapshots
        )

    return run


def put(s3: Any, name: str, content: bytes) -> str:
    return s3.put_object(Bucket="data", Key=f"churn/incoming/{name}", Body=content)["VersionId"]


def test_a_snapshot_names_each_file_by_version_and_sha256(
    s3: Any, take: Take, documents: Documents
) -> None:
    put(s3, "purchases/b.csv", b"old")
    version = put(s3, "purchases/b.csv", b"new")
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/2/x.csv", b"x")
    put(s3, "labels/", b"")

    answer = take()

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
    s3: Any, take: Take, documents: Documents
) -> None:
    put(s3, "purchases/b.csv", b"b")
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/2/x.csv", b"x")

    manifests = take()["manifests"]

    assert json.loads(documents.read(manifests["purchases"])) == [
        {"prefix": "s3://data/churn/incoming/purchases/"},
        "a.csv",
        "b.csv",
    ]
    assert json.loads(documents.read(manifests["labels"])) == [
        {"prefix": "s3://data/churn/incoming/labels/"},
        "2/x.csv",
    ]


def test_the_same_bytes_are_the_same_snapshot(s3: Any, take: Take, documents: Documents) -> None:
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/x.csv", b"x")
    first = take()
    put(s3, "labels/x.csv", b"x")  # another version of the same bytes

    assert take() == first
    put(s3, "labels/x.csv", b"y")
    assert take()["digest"] != first["digest"]


def test_a_dataset_without_files_is_named(s3: Any, take: Take) -> None:
    put(s3, "purchases/a.csv", b"a")

    with pytest.raises(NoModelData) as refusal:
        take()

    assert str(refusal.value) == (
        "dataset 'labels' has no files below s3://data/churn/incoming/labels/"
    )


def test_a_bucket_that_keeps_no_versions_is_refused(s3: Any, documents: Documents) -> None:
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="plain", Key="churn/incoming/labels/x.csv", Body=b"x")
    plain = DataBucket(s3, documents, bucket="plain", model="churn")

    with pytest.raises(RuntimeError, match="bucket plain must be versioned"):
        plain.describe("labels", plain.versions("labels", None), {})


@pytest.mark.slow
def test_files_beyond_the_first_page_are_in_the_snapshot(s3: Any, data: DataBucket) -> None:
    for number in range(1001):
        put(s3, f"labels/{number:04}.csv", b"x")

    assert len(data.versions("labels", None)) == 1001


def test_a_deleted_file_is_not_in_the_snapshot(s3: Any, data: DataBucket) -> None:
    put(s3, "labels/a.csv", b"a")
    put(s3, "labels/b.csv", b"b")
    s3.delete_object(Bucket="data", Key="churn/incoming/labels/a.csv")

    assert [found.key for found in data.versions("labels", None)] == ["churn/incoming/labels/b.csv"]


def accept(snapshots: Snapshots, answer: dict[str, Any], at: str = "1997-06-01T00:00:00Z") -> None:
    snapshots.accept(
        Accepted(
            digest=answer["digest"],
            uri=answer["uri"],
            profile_uri="s3://reports/churn/runs/before/validation/profile.json",
            run_id="before",
            as_of=at,
        )
    )


class Counting:
    """S3, with the keys that were read whole."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        self.read: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **asked: Any) -> Any:
        self.read.append(asked["Key"].rpartition("/")[2])
        return self._s3.get_object(**asked)


def test_only_versions_that_no_accepted_snapshot_knows_are_hashed(
    s3: Any, snapshots: Snapshots, take: Take
) -> None:
    put(s3, "purchases/a.csv", b"a")
    put(s3, "purchases/b.csv", b"b")
    put(s3, "labels/x.csv", b"x")
    accept(snapshots, take())
    put(s3, "purchases/b.csv", b"changed")
    put(s3, "purchases/c.csv", b"c")
    counting = Counting(s3)
    data = DataBucket(counting, Documents(counting), bucket="data", model="churn")

    answer = take_snapshot(request(), card=CARD, bucket="data", data=data, snapshots=snapshots)

    assert counting.read == ["b.csv", "c.csv"]
    digests = {file.key[-5:]: file.sha256 for file in snapshots.read(answer["uri"]).files}
    assert digests["b.csv"] == sha256(b"changed").hexdigest()
    assert digests["a.csv"] == sha256(b"a").hexdigest()


def test_a_lost_snapshot_costs_no_more_than_hashing_again(
    s3: Any, snapshots: Snapshots, take: Take
) -> None:
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/x.csv", b"x")
    first = take()
    accept(snapshots, {**first, "uri": "s3://data/churn/snapshots/gone/snapshot.json"})

    assert take()["digest"] == first["digest"]


def test_a_run_is_given_the_profile_of_what_was_accepted_before_it(
    s3: Any, snapshots: Snapshots, take: Take
) -> None:
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/x.csv", b"x")
    first = take()
    assert first["profile"] == ""
    accept(snapshots, first)

    assert take()["profile"] == "s3://reports/churn/runs/before/validation/profile.json"
    earlier = moment.parse("1997-05-01T00:00:00Z")
    assert take(as_of=earlier)["profile"] == ""


def test_what_was_accepted_last_never_goes_back_in_time(
    s3: Any, snapshots: Snapshots, take: Take
) -> None:
    put(s3, "purchases/a.csv", b"a")
    put(s3, "labels/x.csv", b"x")
    answer = take()
    accept(snapshots, answer, "1997-06-01T00:00:00Z")
    accept(snapshots, {**answer, "digest": "older"}, "1997-05-01T00:00:00Z")

    last = snapshots.last_accepted()
    assert last is not None
    assert last.digest == answer["digest"]


NOON = moment.parse("1997-05-01T12:00:00Z")


def version(
    id: str, minutes: int, *, key: str = "k", deleted: bool = False, current: bool = False
) -> Version:
    return Version(
        key=key,
        id=id,
        modified=NOON + timedelta(minutes=minutes),
        current=current,
        deleted=deleted,
    )


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-1, []), (0, ["v1"]), (4, ["v1"]), (5, ["v2"]), (9, []), (10, ["v3"])],
)
def test_the_past_has_each_key_s_newest_version_of_then(minutes: int, expected: list[str]) -> None:
    versions = [
        version("v3", 10, current=True),
        version("v2", 5),
        version("v1", 0),
        version("gone", 9, deleted=True),
    ]

    found = as_of(versions, NOON + timedelta(minutes=minutes))

    assert [one.id for one in found] == expected


def test_of_two_versions_of_one_second_the_current_or_the_later_counts() -> None:
    listed = [version("v2", 0), version("v1", 0)]
    assert [one.id for one in as_of(listed, NOON)] == ["v2"]
    current = [version("v1", 0), version("v2", 0, current=True)]
    assert [one.id for one in as_of(current, NOON)] == ["v2"]


def test_nothing_is_known_of_the_first_snapshot() -> None:
    assert known(None) == {}


class Aged:
    """S3, on which what lies there by now was put an hour ago."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3
        listed = s3.list_object_versions(Bucket="data")["Versions"]
        self._old = {each["VersionId"] for each in listed}
        self.moment = max(each["LastModified"] for each in listed) - timedelta(minutes=30)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_paginator(self, name: str) -> "Aged":
        assert name == "list_object_versions"
        return self

    def paginate(self, **asked: Any) -> list[Any]:
        page = self._s3.list_object_versions(**asked)
        for each in page.get("Versions", []):
            if each["VersionId"] in self._old:
                each["LastModified"] -= timedelta(hours=1)
        return [page]


def test_a_backfill_reads_copies_of_what_lay_there_then(
    s3: Any, snapshots: Snapshots, take: Take, documents: Documents
) -> None:
    put(s3, "purchases/sub/a.csv", b"then")
    put(s3, "purchases/b.csv", b"b")
    put(s3, "labels/x.csv", b"x")
    before = take()
    aged = Aged(s3)
    put(s3, "purchases/sub/a.csv", b"now")
    put(s3, "labels/y.csv", b"y")
    s3.delete_object(Bucket="data", Key="churn/incoming/purchases/b.csv")

    answer = take_snapshot(
        request(as_of=aged.moment, purpose=Purpose.BACKFILL),
        card=CARD,
        bucket="data",
        data=DataBucket(aged, documents, bucket="data", model="churn"),
        snapshots=snapshots,
    )

    assert answer["digest"] == before["digest"]
    assert answer["manifests"]["labels"] == before["manifests"]["labels"]
    first, *rest = documents.read_json(answer["manifests"]["purchases"])
    assert rest == ["b.csv", "sub/a.csv"]
    assert first["prefix"] == f"s3://data/_passing/churn/staged/{answer['digest']}/purchases/"
    assert documents.read(f"{first['prefix']}sub/a.csv") == b"then"
    assert documents.read(f"{first['prefix']}b.csv") == b"b"
    untouched = documents.read_json(before["manifests"]["purchases"])[0]
    assert untouched == {"prefix": "s3://data/churn/incoming/purchases/"}
    listed = parse_snapshot(documents.read_json(answer["uri"]))
    assert all(file.key.startswith("churn/incoming/") for file in listed.files)
    assert snapshots.staged(answer["manifests"]) == {
        "purchases": f"_passing/churn/staged/{answer['digest']}/purchases/"
    }
