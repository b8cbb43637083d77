"""The immutable snapshot of the data that one run reads, with its own digest."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from contracts.card_data import Dataset
from contracts.errors import ContractError
from contracts.layout import dataset_prefix, s3_uri
from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFile:
    dataset: str
    key: str
    version_id: str
    sha256: str
    size: int
    rows: int | None = None
    """Data rows; known once the file was validated, as what follows."""
    first: str | None = None
    last: str | None = None
    """The range of the dataset's time column (``1997-05-31``); None where it has none."""
    set_aside: tuple[int, ...] = ()
    """Rows (counted from 1, ascending) that validation quarantined: nobody learns from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the data bucket held for a model when the run began; files sorted by key.

    A run begins with the snapshot of all that lies there. Validation makes of it the *accepted*
    one, which has its own digest and is what is learned from.
    """

    model: str
    bucket: str
    files: tuple[SnapshotFile, ...]
    schemas: Mapping[str, str]
    """Each dataset's schema digest."""

    @property
    def digest(self) -> str:
        """Of the contents alone: the same rows under the same keys are the same snapshot.

        What is known of the rows counts, so that an accepted snapshot is not taken for the one
        it was made of.
        """
        rows = [
            [f.dataset, f.key, f.sha256, f.rows, f.first, f.last, list(f.set_aside)]
            for f in self.files
        ]
        content = [self.model, rows, dict(sorted(self.schemas.items()))]
        return sha256(json.dumps(content).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        return {"digest": self.digest, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The last snapshot that validation accepted; later files are compared with its profile."""

    digest: str
    uri: str
    profile_uri: str
    run_id: str
    as_of: str


def parse_accepted(document: object) -> Accepted:
    table = Table.of(document, "last accepted snapshot")
    return Accepted(
        digest=table.text("digest"),
        uri=table.text("uri"),
        profile_uri=table.text("profile_uri"),
        run_id=table.text("run_id"),
        as_of=table.text("as_of"),
    )


def manifest(snapshot: Snapshot, dataset: str, *, below: str | None = None) -> list[object]:
    """The dataset's files in SageMaker's manifest format: a common prefix, then the rest of each.

    ``below`` is where copies of them lie, by the same names.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
    """
    prefix = dataset_prefix(snapshot.model, dataset)
    return [
        {"prefix": s3_uri(snapshot.bucket, prefix if below is None else below)},
        *(file.key.removeprefix(prefix) for file in snapshot.files if file.dataset == dataset),
    ]


def schema_digest(dataset: Dataset) -> str:
    """Return what changes when a column comes, goes, moves or has another type."""
    columns = [[column.name, column.type.value, column.nullable] for column in dataset.columns]
    return sha256(json.dumps([dataset.name, columns]).encode()).hexdigest()


def parse_snapshot(document: object) -> Snapshot:
    table = Table.of(document, "snapshot")
    schemas = table.table("schemas")
    return Snapshot(
        model=table.text("model"),
        bucket=table.text("bucket"),
        files=tuple(_file(row) for row in table.tables("files")),
        schemas={name: schemas.text(name) for name in schemas.content},
    )


def _file(row: Table) -> SnapshotFile:
    aside = tuple(int(number) for number in row.numbers("set_aside"))
    if list(aside) != sorted(set(aside)) or any(number < 1 for number in aside):
        raise ContractError(f"{row.where}.set_aside must be ascending row numbers from 1")
    return SnapshotFile(
        dataset=row.text("dataset"),
        key=row.text("key"),
        version_id=row.text("version_id"),
        sha256=row.text("sha256"),
        size=row.integer("size", least=0),
        rows=row.optional_integer("rows", least=0),
        first=row.optional_text("first"),
        last=row.optional_text("last"),
        set_aside=aside,
    )
