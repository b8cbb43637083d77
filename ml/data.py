"""The files a run may read: those its snapshot lists, still with the bytes it listed."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd

from contracts.card import ColumnType, Dataset, ModelCard
from contracts.layout import dataset_prefix
from contracts.snapshot import Snapshot, SnapshotFile, parse_snapshot
from ml.places import only_file
from ml.refusal import Refusal
from ml.tables import BadFile, read


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    listed: SnapshotFile
    content: bytes

    @property
    def name(self) -> str:
        """``purchases/1997-05.csv``, as messages name it."""
        return f"{self.listed.dataset}/{self.listed.key.rpartition('/')[2]}"


def load_snapshot(folder: Path) -> Snapshot:
    """Read the one snapshot in ``folder``; its own digest must fit what it lists."""
    path = only_file(folder, "*.json")
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise Refusal(f"the snapshot is not JSON: {error}") from error
    snapshot = parse_snapshot(document)
    if document.get("digest") != snapshot.digest:
        raise Refusal(
            f"the snapshot names digest {document.get('digest')}, its files give {snapshot.digest}"
        )
    return snapshot


def verified_files(
    snapshot: Snapshot, card: ModelCard, folders: Mapping[str, Path]
) -> Iterator[DataFile]:
    """Yield each file of the snapshot; refuse the run when one has other bytes than listed.

    ``folders`` says where each dataset's files were downloaded to: SageMaker keeps their keys
    relative to the manifest's prefix.
    """
    for listed in snapshot.files:
        if listed.dataset not in folders:
            known = ", ".join(sorted(folders))
            raise Refusal(f"{listed.key} is of dataset {listed.dataset!r}; the card has {known}")
        prefix = dataset_prefix(card.name, listed.dataset)
        path = folders[listed.dataset] / listed.key.removeprefix(prefix)
        if not path.is_file():
            raise Refusal(f"{listed.key} is in the snapshot and was not delivered to the job")
        content = path.read_bytes()
        if sha256(content).hexdigest() != listed.sha256:
            raise Refusal(
                f"{listed.key} changed under the run: sha256 {sha256(content).hexdigest()}, "
                f"the snapshot says {listed.sha256}"
            )
        yield DataFile(listed=listed, content=content)


def typed_tables(
    snapshot: Snapshot, card: ModelCard, folders: Mapping[str, Path]
) -> dict[str, pd.DataFrame]:
    """Return each dataset's rows, of all its files in the order of their keys.

    Rows that validation set aside are left out.
    """
    datasets = {dataset.name: dataset for dataset in card.datasets}
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in datasets}
    for file in verified_files(snapshot, card, folders):
        try:
            typed = read(file.content, datasets[file.listed.dataset])
        except BadFile as error:
            raise Refusal(f"{file.name} was not validated: {error}") from error
        aside = set(file.listed.set_aside)
        bad = [cell for cell in typed.bad_cells if cell.row not in aside]
        if bad:
            cell = bad[0]
            raise Refusal(
                f"{file.name} was not validated: column {cell.column!r}, row {cell.row}: "
                f"{cell.text!r} is not {cell.expected}"
            )
        parts[file.listed.dataset].append(kept(typed.frame, datasets[file.listed.dataset], aside))
    for name, frames in parts.items():
        if not frames:
            raise Refusal(f"the snapshot has no file of dataset {name!r}")
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def kept(frame: pd.DataFrame, dataset: Dataset, aside: Collection[int]) -> pd.DataFrame:
    """Return the rows (counted from 1) that are not set aside, as if the file had only those."""
    if not aside:
        return frame
    rest = frame.drop(index=[row - 1 for row in aside]).reset_index(drop=True)
    # A whole number that was missing or wrong had made a float of the others.
    whole = [
        column.name
        for column in dataset.columns
        if column.type is ColumnType.INTEGER and rest[column.name].notna().all()
    ]
    return rest.astype(dict.fromkeys(whole, "int64"))
