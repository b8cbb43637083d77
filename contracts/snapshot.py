"""The immutable snapshot of the data that one run reads, with its own digest."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFile:
    dataset: str
    key: str
    version_id: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the data bucket held for a model when the run began; files sorted by key."""

    model: str
    bucket: str
    files: tuple[SnapshotFile, ...]

    @property
    def digest(self) -> str:
        """Of the contents alone: the same bytes under the same keys are the same snapshot."""
        rows = [[file.dataset, file.key, file.sha256] for file in self.files]
        return sha256(json.dumps([self.model, rows]).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        return {"digest": self.digest, **asdict(self)}


def parse_snapshot(document: object) -> Snapshot:
    table = Table.of(document, "snapshot")
    return Snapshot(
        model=table.text("model"),
        bucket=table.text("bucket"),
        files=tuple(
            SnapshotFile(
                dataset=row.text("dataset"),
                key=row.text("key"),
                version_id=row.text("version_id"),
                sha256=row.text("sha256"),
                size=row.integer("size", least=0),
            )
            for row in table.tables("files")
        ),
    )
