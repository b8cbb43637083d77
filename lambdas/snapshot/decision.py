"""What a snapshot holds: which version of each key, and what is known of it without reading it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts import layout
from contracts.snapshot import Snapshot, SnapshotFile


class NoModelData(Exception):
    """A dataset has no files, so there is nothing to train on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a key in a bucket that keeps them, or the marker of its deletion."""

    key: str
    id: str
    modified: datetime
    current: bool
    deleted: bool


def as_of(versions: Iterable[Version], moment: datetime | None) -> list[Version]:
    """Return each key's version at ``moment`` (None: now), without those deleted by then.

    S3 knows seconds: of two that came in the same one, the current or the later listed first wins.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    newest: dict[str, Version] = {}
    for version in versions:
        if moment is None and not version.current:
            continue
        if moment is not None and version.modified > moment:
            continue
        known = newest.get(version.key)
        if known is None or _rank(version) > _rank(known):
            newest[version.key] = version
    return [found for _, found in sorted(newest.items()) if not found.deleted]


def _rank(version: Version) -> tuple[datetime, bool]:
    return version.modified, version.current


def known(before: Snapshot | None) -> Mapping[tuple[str, str], SnapshotFile]:
    """Return what an earlier snapshot says of a key's version, which never changes."""
    if before is None:
        return {}
    return {(file.key, file.version_id): file for file in before.files}


def compose(
    model: str,
    bucket: str,
    files: Mapping[str, Sequence[SnapshotFile]],
    schemas: Mapping[str, str],
) -> Snapshot:
    """Put the files of all datasets into one snapshot, sorted by key."""
    for dataset, found in files.items():
        if not found:
            prefix = layout.dataset_prefix(model, dataset)
            raise NoModelData(f"dataset {dataset!r} has no files below s3://{bucket}/{prefix}")
    everything = [file for found in files.values() for file in found]
    return Snapshot(
        model=model,
        bucket=bucket,
        files=tuple(sorted(everything, key=lambda file: file.key)),
        schemas=schemas,
    )
