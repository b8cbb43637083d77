"""Delete every version of every object of a bucket."""

from typing import Any


class NotEmptied(Exception):
    """S3 refused to delete some of a bucket's objects."""


def empty(s3: Any, bucket: str) -> int:
    """Delete all versions and delete markers; return how many there were. A gone bucket has 0."""
    deleted = 0
    while found := _first_page(s3, bucket):
        _delete(s3, bucket, found)
        deleted += len(found)
    return deleted


def _first_page(s3: Any, bucket: str) -> list[Any]:
    """Always the first: a page after one whose objects are gone would depend on what S3 recalls."""
    try:
        page = s3.list_object_versions(Bucket=bucket)
    except s3.exceptions.NoSuchBucket:
        return []
    return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]


def _delete(s3: Any, bucket: str, found: list[Any]) -> None:
    """DeleteObjects takes 1,000 keys, as many as a page of ListObjectVersions holds at most."""
    answer = s3.delete_objects(
        Bucket=bucket,
        Delete={
            "Objects": [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found],
            "Quiet": True,
        },
    )
    refused = answer.get("Errors", [])
    if refused:
        first = refused[0]
        raise NotEmptied(
            f"{len(refused)} objects of bucket {bucket} must be deleted, got {first['Code']} "
            f"for {first['Key']}: {first['Message']}"
        )
