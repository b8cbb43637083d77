"""Emptying buckets, on moto's S3."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.emptying.buckets import NotEmptied, empty


@pytest.fixture
def s3() -> Iterator[Any]:
    # One session for all tests: a new one reads and parses the service models again.
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="kept-nothing")
        client.put_bucket_versioning(
            Bucket="kept-nothing", VersioningConfiguration={"Status": "Enabled"}
        )
        yield client


def test_every_version_and_delete_marker_goes_so_that_the_bucket_can_be_deleted(s3: Any) -> None:
    for key in ("a", "b"):
        for content in (b"1", b"2"):
            s3.put_object(Bucket="kept-nothing", Key=key, Body=content)
    s3.delete_object(Bucket="kept-nothing", Key="a")
    assert empty(s3, "kept-nothing") == 5
    s3.delete_bucket(Bucket="kept-nothing")


@pytest.mark.slow
def test_more_than_one_page_is_emptied(s3: Any) -> None:
    for number in range(1001):
        s3.put_object(Bucket="kept-nothing", Key=f"{number}", Body=b"")
    assert empty(s3, "kept-nothing") == 1001
    s3.delete_bucket(Bucket="kept-nothing")


def test_emptying_again_finds_nothing(s3: Any) -> None:
    assert empty(s3, "kept-nothing") == 0


def test_a_bucket_that_is_gone_is_empty(s3: Any) -> None:
    assert empty(s3, "never-was") == 0


def test_an_object_that_cannot_be_deleted_is_named() -> None:
    with pytest.raises(NotEmptied, match=r"1 objects of bucket full .* AccessDenied for a: no"):
        empty(Refusing(), "full")


class Refusing:
    """S3 with one object under a lock."""

    class exceptions:
        class NoSuchBucket(Exception):
            pass

    def list_object_versions(self, **_asked: Any) -> dict[str, Any]:
        return {"Versions": [{"Key": "a", "VersionId": "1"}]}

    def delete_objects(self, **_asked: Any) -> dict[str, Any]:
        return {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "no"}]}
