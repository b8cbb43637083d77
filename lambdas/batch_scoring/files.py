"""The files of a batch in S3: listed, looked into, counted line by line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contracts import layout

_HEAD = 65_536
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFile:
    bucket: str
    key: str
    name: str
    """Below the input's prefix; the answers are named so, with ``.out``."""
    size: int


class Files:
    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def below(self, uri: str) -> list[BatchFile]:
        """Return the file that ``uri`` names, or all below it when it ends with a slash."""
        bucket, key = layout.split_s3_uri(uri)
        folder = key[: key.rfind("/") + 1]
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        return [
            BatchFile(
                bucket=bucket,
                key=found["Key"],
                name=found["Key"].removeprefix(folder),
                size=found["Size"],
            )
            for page in pages
            for found in page.get("Contents", ())
            if not found["Key"].endswith("/") and (key.endswith("/") or found["Key"] == key)
        ]

    def first_line(self, file: BatchFile) -> str:
        """Return the first line, as far as 64 KiB reach."""
        answer = self._s3.get_object(Bucket=file.bucket, Key=file.key, Range=f"bytes=0-{_HEAD - 1}")
        return answer["Body"].read().decode("utf-8", errors="replace").partition("\n")[0]

    def lines(self, uri: str) -> Iterator[bytes]:
        """Yield every line that holds anything; none where there is no object."""
        bucket, key = layout.split_s3_uri(uri)
        try:
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return
            raise
        for line in body.iter_lines(chunk_size=_CHUNK):
            if line.strip():
                yield line

    def write_manifest(self, uri: str, files: Sequence[BatchFile]) -> None:
        """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformS3DataSource.html."""
        first = files[0]
        prefix = layout.s3_uri(first.bucket, first.key.removesuffix(first.name))
        document = [{"prefix": prefix}, *(file.name for file in files)]
        bucket, key = layout.split_s3_uri(uri)
        body = json.dumps(document, indent=1).encode()
        self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def read_manifest(self, uri: str) -> tuple[str, list[str]]:
        """Return the prefix and the names below it."""
        bucket, key = layout.split_s3_uri(uri)
        head, *names = json.loads(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return head["prefix"], names
