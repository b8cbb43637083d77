"""The quarantine in the data bucket: refused files and rows, each with the rule beside it."""

from typing import Any

from botocore.exceptions import ClientError

from contracts import layout
from contracts.run import Purpose, RunRequest
from contracts.snapshot import Snapshot
from lambdas.adapters.documents import Documents, render
from lambdas.data_gate.decision import Quarantined


class Quarantine:
    def __init__(self, s3: Any, documents: Documents, *, reports_bucket: str) -> None:
        self._s3 = s3
        self._documents = documents
        self._reports = reports_bucket

    def move(self, refused: Quarantined, snapshot: Snapshot, request: RunRequest) -> str:
        """Copy the judged version, write the reason, then delete; each step may be repeated.

        A backfill judges the past: it leaves alone what lies there now.
        """
        file, bucket = refused.file, snapshot.bucket
        key = layout.quarantine_key(
            snapshot.model, request.run_id, file.dataset, _name(refused, snapshot)
        )
        self._s3.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": file.key, "VersionId": file.version_id},
        )
        self._documents.write(bucket, f"{key}.reason.json", render(refused.reason(request)))
        # Whoever wrote a newer version since has perhaps mended the file: that one stays.
        if (
            request.purpose is not Purpose.BACKFILL
            and self._current_version(bucket, file.key) == file.version_id
        ):
            self._s3.delete_object(Bucket=bucket, Key=file.key)
        return key

    def set_aside(self, judged: Quarantined, snapshot: Snapshot, request: RunRequest) -> str:
        """Keep the bad rows of a file that is used without them, as validation wrote them down."""
        dataset, name = judged.file.dataset, _name(judged, snapshot)
        key = layout.set_aside_key(snapshot.model, request.run_id, dataset, name)
        written = layout.validation_prefix(request.model, request.run_id)
        self._s3.copy_object(
            Bucket=snapshot.bucket,
            Key=key,
            CopySource={
                "Bucket": self._reports,
                "Key": written + layout.set_aside_name(dataset, name),
            },
        )
        return key

    def _current_version(self, bucket: str, key: str) -> str | None:
        try:
            return self._s3.head_object(Bucket=bucket, Key=key).get("VersionId")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise


def _name(judged: Quarantined, snapshot: Snapshot) -> str:
    prefix = layout.dataset_prefix(snapshot.model, judged.file.dataset)
    return judged.file.key.removeprefix(prefix)
