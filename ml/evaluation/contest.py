"""Score candidate and champion on the same hold-out, through the serving code."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from contracts import artifact
from contracts.evaluation import EvaluationReport, Gain, HoldOut, Score
from ml.evaluation.archive import unpack
from ml.evaluation.bootstrap import auc_gain
from ml.evaluation.metrics import Scores, all_metrics
from ml.places import only_file
from ml.refusal import Refusal
from ml.serving.predictor import Predictor, golden_answers, load_verified
from ml.serving.request import refused_value
from ml.training.rows import LabelledRows

ARCHIVE = "model.tar.gz"
BOOTSTRAP_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One model, as its artifact is."""

    uri: str
    artifact_sha256: str
    predictor: Predictor
    baseline: bytes
    golden: bytes

    def scores(self, rows: LabelledRows) -> Scores:
        """Score the hold-out; a row that the server would refuse is no evidence."""
        card = self.predictor.card
        missing = [f.name for f in card.features if f.name not in rows.features.columns]
        if missing:
            raise Refusal(f"{self.uri} needs features that the hold-out lacks: {missing}")
        values = rows.features[[f.name for f in card.features]].to_numpy(np.float64)
        refused = refused_value(values, card.features)
        if refused is not None:
            raise Refusal(f"the server would refuse a hold-out row: {refused}")
        return self.predictor.score(values)

    def described(self, metrics: Mapping[str, float]) -> Score:
        return Score(
            artifact_uri=self.uri,
            artifact_sha256=self.artifact_sha256,
            manifest_sha256=self.predictor.manifest_sha256,
            artifact_bytes=1,
            metrics=metrics,
            calibration_error=0.0,
            latency_ms=0.0,
        )

    def golden_csv(self) -> str:
        """Return requests that are known to be answered, one per line."""
        rows, _ = golden_answers(self.golden)
        return "".join(",".join(f"{value:.17g}" for value in row) + "\n" for row in rows)


def enter(folder: Path, uri: str) -> Contestant:
    """Unpack and verify the artifact that was delivered to ``folder``."""
    path = only_file(folder, ARCHIVE)
    with tempfile.TemporaryDirectory() as room:
        unpack(path, Path(room))
        return Contestant(
            uri=uri,
            artifact_sha256=sha256(path.read_bytes()).hexdigest(),
            predictor=load_verified(Path(room)),
            baseline=(Path(room) / artifact.BASELINE).read_bytes(),
            golden=(Path(room) / artifact.GOLDEN).read_bytes(),
        )


def compare(
    rows: LabelledRows,
    candidate: Contestant,
    champion: Contestant | None,
    *,
    run_id: str,
    as_of: str,
) -> EvaluationReport:
    """Return both models' figures on ``rows`` and the candidate's gain."""
    card = candidate.predictor.card
    new = candidate.scores(rows)
    old = None if champion is None else champion.scores(rows)
    gain: Gain | None = None
    if old is not None:
        gain = auc_gain(
            rows.labels,
            new,
            old,
            samples=card.evaluation.bootstrap_samples,
            confidence=card.gate.confidence,
            seed=BOOTSTRAP_SEED,
        )
    return EvaluationReport(
        run_id=run_id,
        as_of=as_of,
        metric=card.evaluation.metric,
        holdout=HoldOut(
            rows=len(rows.labels),
            positives=rows.positives,
            snapshot_date=rows.snapshot_date.isoformat(),
            sha256=rows.sha256,
        ),
        candidate=candidate.described(all_metrics(rows.labels, new)),
        champion=None
        if champion is None or old is None
        else champion.described(all_metrics(rows.labels, old)),
        gain=gain,
        slices=(),
    )
