"""Documents and files in S3: read, written once, hashed as they stream by."""

import json
import logging
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from contracts.errors import ContractError
from contracts.layout import s3_uri, split_s3_uri

_CHUNK = 1 << 20


logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


class DocumentMissing(Exception):
    """There is no object where a document was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedObject:
    sha256: str
    size: int
    version_id: str | None


class Documents:
    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def read(self, uri: str) -> bytes:
        return self.open(uri).read()

    def open(self, uri: str) -> Any:
        """Return the object's body, which is read as it streams by."""
        bucket, key = split_s3_uri(uri)
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                raise DocumentMissing(f"there is no object {uri}") from error
            raise

    def read_json(self, uri: str) -> Any:
        try:
            return json.loads(self.read(uri))
        except ValueError as error:
            raise ContractError(f"{uri} is not JSON: {error}") from error

    def json_if_there(self, uri: str) -> object:
        """Return the document; where none can be read, None, with a warning: a judge decides."""
        try:
            return self.read_json(uri)
        except (ContractError, DocumentMissing) as error:
            logger.warning("%s", error)
            return None

    def write_once(self, bucket: str, key: str, content: bytes) -> bytes:
        """Write unless the object exists; return what lies there now.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        try:
            self._s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=content,
                IfNoneMatch="*",
                ContentType="application/json",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            return self.read(s3_uri(bucket, key))
        return content

    def write(self, bucket: str, key: str, content: bytes) -> None:
        self._s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/json")

    def hash(self, bucket: str, key: str, *, version_id: str | None = None) -> HashedObject:
        """Stream the object through sha256; memory stays at one chunk however large it is."""
        version = {} if version_id is None else {"VersionId": version_id}
        answer = self._s3.get_object(Bucket=bucket, Key=key, **version)
        running, size = sha256(), 0
        for chunk in answer["Body"].iter_chunks(_CHUNK):
            running.update(chunk)
            size += len(chunk)
        return HashedObject(
            sha256=running.hexdigest(), size=size, version_id=answer.get("VersionId")
        )


def render(document: object) -> bytes:
    """JSON as the platform stores it: strict (no NaN), the same bytes for the same content."""
    return json.dumps(document, indent=1, allow_nan=False).encode()
