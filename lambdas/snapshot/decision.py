"""What a snapshot holds, and the manifests that SageMaker reads it by."""

from collections.abc import Mapping, Sequence

from contracts import layout
from contracts.snapshot import Snapshot, SnapshotFile


class NoModelData(Exception):
    """A dataset has no files, so there is nothing to train on."""


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


def manifest(snapshot: Snapshot, dataset: str) -> list[object]:
    """The dataset's files in SageMaker's manifest format: a common prefix, then the rest of each.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
    """
    prefix = layout.dataset_prefix(snapshot.model, dataset)
    return [
        {"prefix": layout.s3_uri(snapshot.bucket, prefix)},
        *(file.key.removeprefix(prefix) for file in snapshot.files if file.dataset == dataset),
    ]
