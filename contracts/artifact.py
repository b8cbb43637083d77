"""The files of a model artifact, and the manifest that names each one's sha256."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from contracts.errors import ContractError
from contracts.reading import Table

MANIFEST = "manifest.json"
MODEL = "model.onnx"
CARD = "card.toml"
BASELINE = "baseline.json"
GOLDEN = "golden.json"
"""Requests with the answers training got; the server must give them again before it serves."""
METRICS = "metrics.json"
PROVENANCE = "provenance.json"
"""What the artifact was made from (contracts.record.Provenance)."""

MANIFEST_VARIABLE = "PERENNIAL_MANIFEST_SHA256"
"""Set on the SageMaker Model: the server refuses an artifact with another manifest."""
VERSION_VARIABLE = "PERENNIAL_MODEL_VERSION"
"""Set on the SageMaker Model: the version each answer names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """sha256 of each file of the artifact, by name; the manifest itself is not in it."""

    files: Mapping[str, str]

    def render(self) -> bytes:
        return json.dumps({"files": dict(sorted(self.files.items()))}, indent=1).encode()

    @property
    def sha256(self) -> str:
        return sha256(self.render()).hexdigest()


def parse_manifest(content: bytes) -> Manifest:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise ContractError(f"{MANIFEST} is not JSON: {error}") from error
    files = Table.of(document, MANIFEST).table("files")
    return Manifest(files={name: files.text(name) for name in files.content})
