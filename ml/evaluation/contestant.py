"""One model that is evaluated: its artifact as delivered, and its figures on a hold-out."""

import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts import artifact
from contracts.baseline import FeatureBaseline
from contracts.errors import ContractError
from contracts.evaluation import Score
from drift.binning import baseline_of
from ml.evaluation.archive import unpack
from ml.evaluation.calibration import calibration_error
from ml.evaluation.latency import latency_ms
from ml.evaluation.metrics import Scores, of_rows
from ml.places import only_file
from ml.refusal import Refusal
from ml.serving.predictor import Predictor, golden_answers, load_verified
from ml.serving.request import refused_value
from ml.training.rows import LabelledRows

ARCHIVE = "model.tar.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    uri: str
    artifact_sha256: str
    artifact_bytes: int
    predictor: Predictor
    baseline: bytes
    golden: bytes

    def scores(self, rows: LabelledRows) -> Scores:
        """Score the hold-out as the server would; a row that it would refuse is no evidence."""
        return self.predictor.score(self._asked(rows))

    def described(self, rows: LabelledRows, scores: Scores) -> Score:
        task = self.predictor.card.task
        return Score(
            artifact_uri=self.uri,
            artifact_sha256=self.artifact_sha256,
            manifest_sha256=self.predictor.manifest_sha256,
            artifact_bytes=self.artifact_bytes,
            metrics=of_rows(task, rows, scores),
            calibration_error=calibration_error(task, rows.labels, scores),
            latency_ms=latency_ms(self.predictor, self._asked(rows)),
        )

    def golden_csv(self) -> str:
        """Return requests that are known to be answered, one per line."""
        rows, _ = golden_answers(self.golden)
        return "".join(",".join(f"{value:.17g}" for value in row) + "\n" for row in rows)

    def golden_scores(self) -> list[float]:
        """Return what must be answered to them, in their order."""
        rows, _ = golden_answers(self.golden)
        return self.predictor.score(rows).tolist()

    def predictions(self, scores: Scores) -> FeatureBaseline:
        """Describe the answers to the hold-out, for those to callers to be compared with."""
        return baseline_of("score", scores.tolist(), self.predictor.card.drift.bins)

    def features(self) -> dict[str, list[dict[str, str | float | None]]]:
        """Say what a request must hold: promotion compares it with what callers send now."""
        return {
            "features": [
                {"name": each.name, "min": each.minimum, "max": each.maximum}
                for each in self.predictor.card.features
            ]
        }

    def _asked(self, rows: LabelledRows) -> NDArray[np.float64]:
        names = [feature.name for feature in self.predictor.card.features]
        missing = [name for name in names if name not in rows.features.columns]
        if missing:
            raise Refusal(
                f"{self.uri} is of an older schema: it needs the features {missing}, which the "
                f"hold-out lacks; keep them on the card until it is replaced"
            )
        values = rows.features[names].to_numpy(np.float64)
        refused = refused_value(values, self.predictor.card.features)
        if refused is not None:
            raise Refusal(f"{self.uri}'s server would refuse a hold-out row: {refused}")
        return values


def enter(folder: Path, uri: str) -> Contestant:
    """Unpack and verify the artifact that was delivered to ``folder``."""
    path = only_file(folder, ARCHIVE)
    content = path.read_bytes()
    with tempfile.TemporaryDirectory() as room:
        unpack(path, Path(room))
        try:
            predictor = load_verified(Path(room))
        except ContractError as error:
            raise Refusal(f"{uri} is of an older schema: {error}") from error
        return Contestant(
            uri=uri,
            artifact_sha256=sha256(content).hexdigest(),
            artifact_bytes=len(content),
            predictor=predictor,
            baseline=(Path(room) / artifact.BASELINE).read_bytes(),
            golden=(Path(room) / artifact.GOLDEN).read_bytes(),
        )
