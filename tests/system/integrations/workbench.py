"""What a data scientist finds in an account: buckets, an image, a model's code, a run's data."""

import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from contracts import card as cards
from contracts import layout
from contracts.snapshot import Snapshot, SnapshotFile, manifest, schema_digest
from demo import image
from demo.history import Delivery
from emulator.client import PROJECT, RunningAccount
from lambdas.snapshot.decision import compose

MODEL = "churn"
AS_OF = datetime(1997, 6, 1, tzinfo=UTC)
DATA, ARTIFACTS, IMAGES = "workbench-data", "workbench-artifacts", "workbench-images"
ROLE = "arn:aws:iam::000000000000:role/workbench"
PATIENCE = 120.0
"""Real seconds for one training job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one training job reads."""

    snapshot: str
    manifests: Mapping[str, str]

    def channels(self, code: str) -> dict[str, tuple[str, str]]:
        """Each channel's S3DataType and URI, as the retraining workflow passes them."""
        data = {name: ("ManifestFile", uri) for name, uri in self.manifests.items()}
        return {**data, "snapshot": ("S3Prefix", self.snapshot), "code": ("S3Prefix", code)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    account: RunningAccount
    image: str
    code: str
    model: str = MODEL

    @classmethod
    def made(cls, account: RunningAccount) -> Self:
        s3 = account.client("s3")
        for bucket in (DATA, ARTIFACTS):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        account.client("ecr").create_repository(repositoryName=IMAGES)
        return cls.of(account, MODEL)

    @classmethod
    def of(cls, account: RunningAccount, model: str) -> Self:
        """Return the workbench of a model in an account where another one's was made."""
        archive = _archive(_folder(model))
        key = f"code/{hashlib.sha256(archive).hexdigest()}.zip"
        account.client("s3").put_object(Bucket=ARTIFACTS, Key=key, Body=archive)
        pushed = image.push(account, IMAGES, cards.load(_folder(model) / "card.toml").image)
        code = layout.s3_uri(ARTIFACTS, key)
        return cls(account=account, image=pushed, code=code, model=model)

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def give(self, files: Iterable[Delivery]) -> Given:
        """Land the files; take the snapshot of exactly these."""
        card = cards.load(_folder(self.model) / "card.toml")
        landed: dict[str, list[SnapshotFile]] = {each.name: [] for each in card.datasets}
        for file in files:
            landed[file.dataset].append(self._land(file))
        schemas = {dataset.name: schema_digest(dataset) for dataset in card.datasets}
        return self._written(compose(self.model, DATA, landed, schemas))

    def _land(self, file: Delivery) -> SnapshotFile:
        key = layout.dataset_prefix(self.model, file.dataset) + file.name
        put = self.client("s3").put_object(Bucket=DATA, Key=key, Body=file.content)
        return SnapshotFile(
            dataset=file.dataset,
            key=key,
            version_id=put["VersionId"],
            sha256=hashlib.sha256(file.content).hexdigest(),
            size=len(file.content),
        )

    def _written(self, snapshot: Snapshot) -> Given:
        documents: dict[str, object] = {
            layout.snapshot_key(self.model, snapshot.digest): snapshot.document(),
            **{
                layout.manifest_key(self.model, snapshot.digest, name): manifest(snapshot, name)
                for name in snapshot.schemas
            },
        }
        for key, document in documents.items():
            self.client("s3").put_object(Bucket=DATA, Key=key, Body=json.dumps(document).encode())
        first, *rest = (layout.s3_uri(DATA, key) for key in documents)
        return Given(snapshot=first, manifests=dict(zip(snapshot.schemas, rest, strict=True)))

    def train(self, name: str, given: Given) -> dict[str, Any]:
        """Run a training job of the model on what is given; return its description at the end."""
        self.start(name, given, self.settings(name))
        return self.ended(name)

    def start(self, name: str, given: Given, settings: Mapping[str, str], **changes: Any) -> None:
        """Start a training job as the workflow does, with ``changes`` to the request."""
        request = {
            "TrainingJobName": name,
            "AlgorithmSpecification": {"TrainingImage": self.image, "TrainingInputMode": "File"},
            "RoleArn": ROLE,
            "HyperParameters": settings,
            "InputDataConfig": [
                {
                    "ChannelName": channel,
                    "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}},
                }
                for channel, (kind, uri) in given.channels(self.code).items()
            ],
            "OutputDataConfig": {"S3OutputPath": layout.s3_uri(ARTIFACTS, "models")},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 10,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": int(PATIENCE)},
        }
        self.client("sagemaker").create_training_job(**{**request, **changes})

    @staticmethod
    def settings(run_id: str) -> dict[str, str]:
        given = {"model": MODEL, "as_of": AS_OF.isoformat(), "run_id": run_id}
        # Two small trees: these tests are about what data comes in and what comes out.
        return {**given, "max_iter": "2", "max_leaf_nodes": "4"}

    def ended(self, name: str) -> dict[str, Any]:
        """Return the job's description once it has ended."""
        end = time.monotonic() + PATIENCE
        while True:
            told = self.client("sagemaker").describe_training_job(TrainingJobName=name)
            if told["TrainingJobStatus"] != "InProgress" or time.monotonic() > end:
                return told
            threading.Event().wait(0.1)


def _folder(model: str) -> Path:
    return PROJECT / "ml" / "workloads" / model


def _archive(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(folder))
    return content.getvalue()
