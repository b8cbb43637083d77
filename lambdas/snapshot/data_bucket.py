"""The data bucket, asked for a dataset's files as they are now."""

from typing import Any

from contracts import layout
from contracts.snapshot import SnapshotFile
from lambdas.adapters.documents import Documents


class DataBucket:
    def __init__(self, s3: Any, documents: Documents, *, bucket: str, model: str) -> None:
        self._s3 = s3
        self._documents = documents
        self._bucket = bucket
        self._model = model

    def files(self, dataset: str) -> list[SnapshotFile]:
        """Read each file once: its version and its sha256 are of the same bytes."""
        return [self._file(dataset, key) for key in self._keys(dataset)]

    def _keys(self, dataset: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=layout.dataset_prefix(self._model, dataset)
        )
        return [
            item["Key"]
            for page in pages
            for item in page.get("Contents", [])
            if not item["Key"].endswith("/")  # what the S3 console makes for an empty folder
        ]

    def _file(self, dataset: str, key: str) -> SnapshotFile:
        hashed = self._documents.hash(self._bucket, key)
        if not hashed.version_id or hashed.version_id == "null":
            raise RuntimeError(f"bucket {self._bucket} must be versioned: {key} has no version id")
        return SnapshotFile(
            dataset=dataset,
            key=key,
            version_id=hashed.version_id,
            sha256=hashed.sha256,
            size=hashed.size,
        )
