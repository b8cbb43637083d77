"""What one training was given: the same inputs anywhere are the same document in its artifact."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from contracts import moment
from contracts.record import Provenance
from ml.places import only_file

COMMIT_VARIABLE = "PERENNIAL_COMMIT"
"""Set when the image is built: the git commit of its sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The image that runs this process, by what makes one build differ from another."""

    lock: Path
    commit: str


def of_process() -> Image:
    """Return the image of this process; its one requirements lock lies beside its sources."""
    root = Path(__file__).parents[2]
    return Image(
        lock=only_file(root / "requirements", "*.txt"),
        commit=os.environ.get(COMMIT_VARIABLE) or "unknown",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a job was given, before anything is learned from it."""

    run_id: str
    as_of: datetime
    snapshot_digest: str
    code_sha256: str
    image: Image

    def provenance(self, hyperparameters: Mapping[str, str], threads: int) -> Provenance:
        return Provenance(
            run_id=self.run_id,
            as_of=moment.render(self.as_of),
            snapshot_digest=self.snapshot_digest,
            code_sha256=self.code_sha256,
            lock_sha256=sha256(self.image.lock.read_bytes()).hexdigest(),
            image_commit=self.image.commit,
            hyperparameters=dict(sorted(hyperparameters.items())),
            threads=threads,
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
        )
