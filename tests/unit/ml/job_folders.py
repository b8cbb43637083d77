"""Lay out the folders that SageMaker would give a job, from data files in memory."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from contracts.card import ModelCard, load
from contracts.layout import dataset_prefix
from contracts.snapshot import Snapshot, SnapshotFile
from ml.training.provenance import Image

ROOT = Path(__file__).parents[3]
WORKLOADS = ROOT / "ml" / "workloads"
CHURN = WORKLOADS / "churn"
IMAGE = Image(lock=ROOT / "requirements" / "ml.txt", commit="unknown")

Files = Mapping[str, bytes]
"""Content by ``<dataset>/<name>``."""


def snapshot_of(files: Files, model: str = "churn") -> Snapshot:
    return Snapshot(
        model=model,
        bucket="data",
        schemas={},
        files=tuple(
            SnapshotFile(
                dataset=name.partition("/")[0],
                key=dataset_prefix(model, name.partition("/")[0]) + name.partition("/")[2],
                version_id="1",
                sha256=sha256(content).hexdigest(),
                size=len(content),
            )
            for name, content in sorted(files.items())
        ),
    )


def code_archive(
    path: Path, changed: Mapping[str, str] | None = None, workload: Path = CHURN
) -> None:
    """Zip a model's folder, with the text of some files changed."""
    texts = {file.name: file.read_text() for file in workload.iterdir() if file.is_file()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in sorted({**texts, **(changed or {})}.items()):
            archive.writestr(name, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The /opt/ml of one job."""

    base: Path
    workload: Path = CHURN
    """The folder of the model's code."""

    def lay_out(self, inputs: Path, files: Files, changed: Mapping[str, str] | None) -> None:
        code_archive(inputs / "code" / "abc.zip", changed, self.workload)
        place = inputs / "snapshot" / "snapshot.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(snapshot_of(files, self._card.name).document()))

    def training(
        self,
        files: Files,
        settings: Mapping[str, str],
        changed: Mapping[str, str] | None = None,
    ) -> "Job":
        inputs = self.base / "input" / "data"
        self.lay_out(inputs, files, changed)
        self._write(inputs, files)
        config = self.base / "input" / "config" / "hyperparameters.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(json.dumps(dict(settings)))
        return self

    def processing(self, files: Files, changed: Mapping[str, str] | None = None) -> "Job":
        inputs = self.base / "processing" / "input"
        self.lay_out(inputs, files, changed)
        self._write(inputs / "data", files)
        return self

    @property
    def _card(self) -> ModelCard:
        return load(self.workload / "card.toml")

    def _write(self, folder: Path, files: Files) -> None:
        for dataset in self._card.datasets:
            (folder / dataset.name).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
