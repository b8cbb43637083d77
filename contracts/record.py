"""The record of a run: all that it takes to say why its model is live, and to build it again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from contracts.reading import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What training was given; it lies in the artifact, so that another input is another manifest.

    Every field is the same on another machine and another day when the inputs are.
    """

    run_id: str
    as_of: str
    snapshot_digest: str
    """Of the accepted snapshot."""
    code_sha256: str
    """Of the model's code, file by file."""
    lock_sha256: str
    """Of the image's requirements lock."""
    image_commit: str
    """The git commit that the image was built from, or ``unknown``."""
    hyperparameters: Mapping[str, str]
    """As used, the tuned ones too; ``seed`` is one of them."""
    threads: int
    python: str
    """``3.12``: another minor version is another build."""

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Written once, when the gate has judged; a person's later approval is in the ledger."""

    run_id: str
    model: str
    environment: str
    as_of: str
    cause: str
    model_package_arn: str
    image_uri: str
    image_digest: str
    code_uri: str
    code_commit: str
    snapshot_uri: str
    snapshot_digest: str
    training_job: str
    model_data_url: str
    artifact_sha256: str
    manifest: Mapping[str, str]
    """sha256 of each file of the artifact."""
    provenance: Provenance
    metrics: Mapping[str, float]
    """The candidate's, on the hold-out."""
    champion_version: int | None
    verdict: str
    reason: str
    approved_by: str | None
    """``the gate`` or nobody yet."""

    def document(self) -> dict[str, Any]:
        return asdict(self)

    def render(self) -> bytes:
        """The bytes that are stored, whose digest the registry and the ledger hold."""
        return json.dumps(self.document(), indent=1, sort_keys=True, allow_nan=False).encode()

    @property
    def sha256(self) -> str:
        return sha256(self.render()).hexdigest()


def parse_provenance(document: object) -> Provenance:
    table = Table.of(document, "provenance")
    parameters = table.table("hyperparameters")
    return Provenance(
        run_id=table.text("run_id"),
        as_of=table.text("as_of"),
        snapshot_digest=table.text("snapshot_digest"),
        code_sha256=table.text("code_sha256"),
        lock_sha256=table.text("lock_sha256"),
        image_commit=table.text("image_commit"),
        hyperparameters={name: parameters.text(name) for name in parameters.content},
        threads=table.integer("threads", least=1),
        python=table.text("python"),
    )


def parse_record(document: object) -> Record:
    table = Table.of(document, "record")
    manifest, metrics = table.table("manifest"), table.table("metrics")
    return Record(
        run_id=table.text("run_id"),
        model=table.text("model"),
        environment=table.text("environment"),
        as_of=table.text("as_of"),
        cause=table.text("cause"),
        model_package_arn=table.text("model_package_arn"),
        image_uri=table.text("image_uri"),
        image_digest=table.text("image_digest"),
        code_uri=table.text("code_uri"),
        code_commit=table.text("code_commit"),
        snapshot_uri=table.text("snapshot_uri"),
        snapshot_digest=table.text("snapshot_digest"),
        training_job=table.text("training_job"),
        model_data_url=table.text("model_data_url"),
        artifact_sha256=table.text("artifact_sha256"),
        manifest={name: manifest.text(name) for name in manifest.content},
        provenance=parse_provenance(table.content.get("provenance")),
        metrics={name: metrics.number(name) for name in metrics.content},
        champion_version=table.optional_integer("champion_version", least=1),
        verdict=table.text("verdict"),
        reason=table.text("reason"),
        approved_by=table.optional_text("approved_by"),
    )
