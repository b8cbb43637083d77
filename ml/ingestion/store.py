"""The data bucket as ingestion uses it: read, written when changed, listed, deleted."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError


class Store:
    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):  # what S3's console makes for an empty folder
                    yield item["Key"]

    def read(self, key: str) -> bytes | None:
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def write(self, key: str, content: bytes) -> bool:
        """Write unless the same bytes lie there: each write is a version, and news of data."""
        if self.read(key) == content:
            return False
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)
        return True

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self._bucket, Key=key)

    def uri(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"
