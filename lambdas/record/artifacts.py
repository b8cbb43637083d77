"""The artifacts bucket: a model's archive, read as it streams by."""

from typing import Any

from contracts import archive, layout
from contracts.archive import Contents
from lambdas.record.decision import KEPT


class Artifacts:
    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def contents(self, uri: str) -> Contents:
        bucket, key = layout.split_s3_uri(uri)
        return archive.read(self._s3.get_object(Bucket=bucket, Key=key)["Body"], uri, keep=KEPT)
