"""The data bucket, asked for a dataset's files as they are, or as they were."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from contracts import layout
from contracts.snapshot import Snapshot, SnapshotFile
from lambdas.adapters.documents import Documents
from lambdas.snapshot.decision import Version, as_of


class DataBucket:
    def __init__(self, s3: Any, documents: Documents, *, bucket: str, model: str) -> None:
        self._s3 = s3
        self._documents = documents
        self._bucket = bucket
        self._model = model

    def versions(self, dataset: str, moment: datetime | None) -> list[Version]:
        """Return the dataset's files at ``moment``, or now."""
        return as_of(self._listed(layout.dataset_prefix(self._model, dataset)), moment)

    def describe(
        self,
        dataset: str,
        versions: list[Version],
        known: Mapping[tuple[str, str], SnapshotFile],
    ) -> list[SnapshotFile]:
        """Hash each version that nobody hashed before."""
        return [self._file(dataset, version, known) for version in versions]

    def stage(self, snapshot: Snapshot, dataset: str) -> str:
        """Copy the listed versions to where a job can read them by name; return their prefix.

        The snapshot's digest names the copies, so that the same ones are made again.
        """
        prefix = layout.dataset_prefix(self._model, dataset)
        staged = layout.staged_prefix(self._model, snapshot.digest, dataset)
        for file in snapshot.files:
            if file.dataset == dataset:
                source = {"Bucket": self._bucket, "Key": file.key, "VersionId": file.version_id}
                name = file.key.removeprefix(prefix)
                self._s3.copy(CopySource=source, Bucket=self._bucket, Key=f"{staged}{name}")
        return staged

    def _listed(self, prefix: str) -> Iterator[Version]:
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for name, deleted in (("Versions", False), ("DeleteMarkers", True)):
                for item in page.get(name, []):
                    if not item["Key"].endswith("/"):  # S3 console's empty folders
                        yield Version(
                            key=item["Key"],
                            id=item["VersionId"],
                            modified=item["LastModified"],
                            current=item["IsLatest"],
                            deleted=deleted,
                        )

    def _file(
        self, dataset: str, version: Version, known: Mapping[tuple[str, str], SnapshotFile]
    ) -> SnapshotFile:
        if version.id == "null":
            raise RuntimeError(
                f"bucket {self._bucket} must be versioned: {version.key} has no version id"
            )
        found = known.get((version.key, version.id))
        if found is not None:
            sha256, size = found.sha256, found.size
        else:
            hashed = self._documents.hash(self._bucket, version.key, version_id=version.id)
            sha256, size = hashed.sha256, hashed.size
        return SnapshotFile(
            dataset=dataset, key=version.key, version_id=version.id, sha256=sha256, size=size
        )
