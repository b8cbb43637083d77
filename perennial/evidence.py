"""What a run left in S3 as evidence; a record counts only as it was noted when it was written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from contracts import layout
from contracts.errors import ContractError
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.record import Record, parse_record
from contracts.snapshot import Snapshot, parse_snapshot
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.refusal import Refused
from perennial.registry import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    s3: Any
    reports_bucket: str
    model: str

    @classmethod
    def of(cls, account: Account, deployed: Deployed) -> "Evidence":
        return cls(
            s3=account.client("s3"), reports_bucket=deployed.reports_bucket, model=deployed.model
        )

    def verdict(self, run_id: str) -> dict[str, Any] | None:
        """The gate's write-once document; None when the gate has not judged."""
        return self._document(layout.verdict_key(self.model, run_id))

    def evaluation(self, run_id: str) -> dict[str, Any] | None:
        prefix = layout.evaluation_prefix(self.model, run_id)
        return self._document(f"{prefix}evaluation.json")

    def record(self, run_id: str, noted: Mapping[str, str]) -> Record | None:
        """Return the run's record when it has every digest ``noted`` (who: sha256).

        None: nobody noted one, so the run was not recorded.
        """
        if not noted:
            return None
        uri = layout.s3_uri(self.reports_bucket, layout.record_key(self.model, run_id))
        content = read(self.s3, uri)
        if content is None:
            raise Refused(f"the record {uri} is gone", next_step=_VERSIONS.format(uri=uri))
        digest = sha256(content).hexdigest()
        for who, expected in noted.items():
            if digest != expected:
                raise Refused(
                    f"the record {uri} has sha256 {digest}, {who} says {expected}: one of them "
                    "was changed after the run, and what the record says counts no more",
                    next_step=_VERSIONS.format(uri=uri),
                )
        return parse_record(json.loads(content))

    def snapshot(self, record: Record) -> Snapshot:
        """Return the list of the data that the run learned from, as the record has its digest."""
        content = read(self.s3, record.snapshot_uri)
        if content is None:
            raise Refused(
                f"the snapshot {record.snapshot_uri} is gone",
                next_step=_VERSIONS.format(uri=record.snapshot_uri),
            )
        try:
            snapshot = parse_snapshot(json.loads(content))
        except (ContractError, ValueError) as error:
            raise _changed(record.snapshot_uri, f"cannot be read: {error}") from error
        if snapshot.digest != record.snapshot_digest:
            raise _changed(
                record.snapshot_uri,
                f"has digest {snapshot.digest}, the record says {record.snapshot_digest}",
            )
        return snapshot

    def _document(self, key: str) -> dict[str, Any] | None:
        content = read(self.s3, layout.s3_uri(self.reports_bucket, key))
        return None if content is None else json.loads(content)


_VERSIONS = (
    "the bucket is versioned: see who wrote what with: aws s3api list-object-versions for {uri}"
)


def _changed(uri: str, how: str) -> Refused:
    return Refused(f"the snapshot {uri} {how}", next_step=_VERSIONS.format(uri=uri))


def noted(package: Package | None, lines: list[LedgerEntry], run_id: str) -> dict[str, str]:
    """Who noted which digest of the run's record: the registry can be changed, the ledger not."""
    found: dict[str, str] = {}
    for line in lines:
        if line.kind is LedgerKind.RECORDED and line.subject == run_id:
            found["the ledger"] = line.details["record_sha256"]
    if package is not None and "record_sha256" in package.metadata:
        found["the registry"] = package.metadata["record_sha256"]
    return found


def read(s3: Any, uri: str) -> bytes | None:
    """Return the object's content, or None when there is none."""
    bucket, key = layout.split_s3_uri(uri)
    try:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
