"""A bucket in memory, as far as ingestion uses one."""

import io
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


@dataclass(slots=True)
class Bucket:
    """Answers as boto3's S3 client; ``written`` and ``deleted`` say what was done, in order."""

    objects: dict[str, bytes] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": Key}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Key] = Body
        self.written.append(Key)

    def delete_object(self, *, Bucket: str, Key: str) -> None:
        self.objects.pop(Key, None)
        self.deleted.append(Key)

    def get_paginator(self, operation: str) -> "Bucket":
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        half = len(keys) // 2
        return [{"Contents": [{"Key": key} for key in page]} for page in (keys[:half], keys[half:])]
