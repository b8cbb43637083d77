"""What a job brings from S3 and to S3, as SageMaker's channels and outputs do.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from emulator.sagemaker.jobs.job import JobFailed

_ABSENT = ("NoSuchBucket", "NoSuchKey", "404", "AccessDenied")


def parts_of(uri: str) -> tuple[str, str]:
    """Return bucket and key; both may be missing the key (``s3://bucket``)."""
    split = urlsplit(uri, allow_fragments=False)
    return split.netloc, split.path.removeprefix("/")


class Bucket:
    """S3 as a job sees it."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def holds(self, source: Mapping[str, Any]) -> bool:
        """Say whether there is anything to download at all."""
        return next(self._objects(source["S3Uri"]), None) is not None

    def download(self, source: Mapping[str, Any], folder: Path) -> int:
        """Bring every object of ``source`` (S3Prefix or ManifestFile) below ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for bucket, key, relative in self.wanted(source):
            target = folder / relative
            if not target.resolve().is_relative_to(folder.resolve()):
                raise JobFailed(f"ClientError: s3://{bucket}/{key} would leave its folder")
            if key.endswith("/"):
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            self._fetch(bucket, key, target)
            count += 1
        return count

    def wanted(self, source: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Yield bucket, key, and the name below its folder, of each object of ``source``."""
        uri: str = source["S3Uri"]
        bucket, prefix = parts_of(uri)
        if source["S3DataType"] == "ManifestFile":
            yield from self._manifest(bucket, prefix)
            return
        for key in self._objects(uri):
            yield bucket, key, _below(prefix, key)

    def _manifest(self, bucket: str, key: str) -> Iterator[tuple[str, str, str]]:
        """Yield what a manifest lists: a prefix, then names below it."""
        try:
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            head, *names = json.loads(body)
            origin, prefix = parts_of(head["prefix"])
        except (ClientError, ValueError, TypeError, KeyError) as error:
            reason = f"ClientError: Failed to download data. s3://{bucket}/{key}: {error}"
            raise JobFailed(reason) from error
        for name in names:
            yield origin, prefix + name, name

    def _objects(self, uri: str) -> Iterator[str]:
        bucket, prefix = parts_of(uri)
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for found in pages:
                for each in found.get("Contents", []):
                    yield each["Key"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise

    def _fetch(self, bucket: str, key: str, target: Path) -> None:
        with target.open("wb") as file:
            for chunk in self._opened(bucket, key).iter_chunks(1 << 20):
                file.write(chunk)

    def read(self, bucket: str, key: str) -> bytes:
        return self._opened(bucket, key).read()

    def _opened(self, bucket: str, key: str) -> Any:
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            reason = f"ClientError: Failed to download data. s3://{bucket}/{key}: {error}"
            raise JobFailed(reason) from error

    def upload(self, file: Path, uri: str, *, kms_key: str | None = None) -> None:
        with file.open("rb") as body:
            self.write(body, uri, kms_key=kms_key)

    def write(self, body: bytes | IO[bytes], uri: str, *, kms_key: str | None = None) -> None:
        bucket, key = parts_of(uri)
        options = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        try:
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, **options)
        except ClientError as error:
            raise JobFailed(f"ClientError: Artifact upload failed:{error}"[:1024]) from error

    def upload_folder(self, folder: Path, uri: str, *, kms_key: str | None = None) -> None:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                name = file.relative_to(folder).as_posix()
                self.upload(file, f"{uri.rstrip('/')}/{name}", kms_key=kms_key)


def _below(prefix: str, key: str) -> str:
    """Return where an object lands in its folder: what its key has beyond the prefix.

    A prefix that is the object itself, or that ends amid a name, keeps that name.
    """
    folder = prefix if prefix.endswith("/") else f"{prefix}/"
    if prefix and key.startswith(folder):
        return key.removeprefix(folder)
    return key[prefix.rfind("/") + 1 :]
