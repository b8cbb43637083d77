"""Write a candidate as the files of a model artifact, the same bytes for the same inputs."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from contracts import artifact
from contracts.baseline import Baseline
from contracts.card import ModelCard
from contracts.record import Provenance
from drift.binning import baseline_of
from ml.code_archive import Workload
from ml.files import write_json
from ml.training.back_testing import Origin
from ml.training.candidate import Candidate
from ml.training.rows import LabelledRows
from ml.training.tuning import Search

GOLDEN_ROWS = 32


FILES = (
    artifact.MODEL,
    artifact.CARD,
    artifact.BASELINE,
    artifact.GOLDEN,
    artifact.METRICS,
    artifact.PROVENANCE,
)


def write(
    folder: Path,
    candidate: Candidate,
    workload: Workload,
    provenance: Provenance,
    *,
    origins: Sequence[Origin],
    search: Search | None,
) -> None:
    """Write each file of the artifact, then the manifest of them all."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / artifact.MODEL).write_bytes(candidate.onnx)
    (folder / artifact.CARD).write_bytes(workload.card_text)
    write_json(
        folder / artifact.BASELINE,
        baseline(candidate.newest, workload.card, provenance.run_id).document(),
    )
    write_json(folder / artifact.GOLDEN, golden(candidate))
    write_json(
        folder / artifact.METRICS,
        {
            "snapshot_date": candidate.holdout.snapshot_date.isoformat(),
            "rows": len(candidate.holdout.labels),
            "metrics": dict(candidate.metrics),
            "rolling_origins": [origin.document() for origin in origins],
            "search": None if search is None else search.document(),
        },
    )
    write_json(folder / artifact.PROVENANCE, provenance.document())
    digests = {name: sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    (folder / artifact.MANIFEST).write_bytes(artifact.Manifest(files=digests).render())


def baseline(rows: LabelledRows, card: ModelCard, run_id: str) -> Baseline:
    """Describe the features of ``rows`` as requests will carry them (not rounded to float32)."""
    return Baseline(
        model=card.name,
        run_id=run_id,
        snapshot_date=rows.snapshot_date.isoformat(),
        rows=len(rows.labels),
        features=tuple(
            baseline_of(name, rows.features[name].tolist(), card.drift.bins)
            for name in rows.features.columns
        ),
    )


def golden(candidate: Candidate) -> dict[str, list[list[float]] | list[float]]:
    """Choose hold-out rows spread over all scores, with the answers they got."""
    by_score = np.argsort(candidate.scores, kind="stable")
    places = np.linspace(0, len(by_score) - 1, num=min(GOLDEN_ROWS, len(by_score)))
    chosen = by_score[places.astype(int)]
    return {
        "rows": candidate.holdout.features.to_numpy(np.float64)[chosen].tolist(),
        "scores": candidate.scores[chosen].tolist(),
    }
