"""The quarantine in the data bucket: refused files are moved there, with the reason beside."""

from typing import Any

from botocore.exceptions import ClientError

from contracts import layout
from contracts.run import RunRequest
from contracts.snapshot import Snapshot
from lambdas.adapters.documents import Documents, render
from lambdas.data_gate.decision import Refused


class Quarantine:
    def __init__(self, s3: Any, documents: Documents) -> None:
        self._s3 = s3
        self._documents = documents

    def move(self, refused: Refused, snapshot: Snapshot, request: RunRequest) -> str:
        """Copy the judged version, write the reason, then delete; each step may be repeated."""
        file, bucket = refused.file, snapshot.bucket
        name = file.key.removeprefix(layout.dataset_prefix(snapshot.model, file.dataset))
        key = layout.quarantine_key(snapshot.model, request.run_id, file.dataset, name)
        self._s3.copy_object(
            Bucket=bucket,
            Key=key,
            CopySource={"Bucket": bucket, "Key": file.key, "VersionId": file.version_id},
        )
        self._documents.write(bucket, f"{key}.reason.json", render(refused.reason(request)))
        # Whoever wrote a newer version since has perhaps mended the file: that one stays.
        if self._current_version(bucket, file.key) == file.version_id:
            self._s3.delete_object(Bucket=bucket, Key=file.key)
        return key

    def _current_version(self, bucket: str, key: str) -> str | None:
        try:
            return self._s3.head_object(Bucket=bucket, Key=key).get("VersionId")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise
