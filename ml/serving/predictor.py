"""A verified model artifact that scores rows: the server's and the evaluation's one way to ask."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from contracts import artifact
from contracts.card import ModelCard, Task, load
from contracts.errors import ContractError
from ml.refusal import Refusal

GOLDEN_TOLERANCE = 1e-6
"""Answers may differ from training's by no more (where they are above 1: than this share of the
largest): another CPU may add in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    card: ModelCard
    manifest_sha256: str
    session: onnxruntime.InferenceSession
    golden_rows: NDArray[np.float64]
    golden_scores: NDArray[np.float64]

    def score(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a score for each row of features: of a classifier, the positive class's chance."""
        return answers(self.session, self.card.task, rows.astype(np.float32))

    def scores(self, rows: NDArray[np.float64]) -> list[float]:
        """Return the same as plain numbers."""
        return self.score(rows).tolist()


def answers(
    session: onnxruntime.InferenceSession, task: Task, rows: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return what an exported model of ``task`` answers to ``rows``."""
    if not len(rows):
        return np.empty(0)
    output, column = ("probabilities", 1) if task is Task.BINARY_CLASSIFICATION else ("score", 0)
    (table,) = session.run([output], {"features": rows})
    return table[:, column].astype(np.float64)


def load_verified(folder: Path, expected_manifest: str | None = None) -> Predictor:
    """Load the artifact in ``folder`` once every byte is what training wrote.

    Refused are: a manifest other than ``expected_manifest`` (when given), a file that is missing,
    unlisted or has another sha256, and a model that no longer gives training's answers.
    """
    manifest = _manifest(folder, expected_manifest)
    for name in manifest.files:
        if name != Path(name).name:
            raise Refusal(f"{artifact.MANIFEST} names a path, not a file: {name!r}")
    files = {name: _verified(folder / name, digest) for name, digest in manifest.files.items()}
    _refuse_unlisted(folder, set(files))
    for name in (artifact.MODEL, artifact.CARD, artifact.GOLDEN):
        if name not in files:
            raise Refusal(f"the artifact lacks {name}")
    rows, scores = golden_answers(files[artifact.GOLDEN])
    predictor = Predictor(
        card=load(folder / artifact.CARD),
        manifest_sha256=manifest.sha256,
        session=open_session(files[artifact.MODEL]),
        golden_rows=rows,
        golden_scores=scores,
    )
    _same_answers(predictor)
    return predictor


def _manifest(folder: Path, expected: str | None) -> artifact.Manifest:
    path = folder / artifact.MANIFEST
    if not path.is_file():
        raise Refusal(f"the artifact has no {artifact.MANIFEST}")
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    if expected is not None and digest != expected:
        raise Refusal(f"{artifact.MANIFEST} has sha256 {digest}, registered is {expected}")
    manifest = artifact.parse_manifest(content)
    if manifest.sha256 != digest:
        raise Refusal(f"{artifact.MANIFEST} is not written as training writes it")
    return manifest


def _verified(path: Path, digest: str) -> bytes:
    if not path.is_file():
        raise Refusal(f"the artifact lacks {path.name}, which its manifest lists")
    content = path.read_bytes()
    if sha256(content).hexdigest() != digest:
        raise Refusal(
            f"{path.name} has sha256 {sha256(content).hexdigest()}, the manifest says {digest}"
        )
    return content


def _refuse_unlisted(folder: Path, listed: set[str]) -> None:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    unlisted = sorted(found - listed - {artifact.MANIFEST})
    if unlisted:
        raise Refusal(f"the artifact holds files that its manifest does not list: {unlisted}")


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """Load from bytes, so that the model can name no other file to read weights from.

    One thread: answers then do not depend on how many cores shared the sum.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base but Exception
        raise Refusal(f"{artifact.MODEL} cannot be loaded: {error}") from error


def _same_answers(predictor: Predictor) -> None:
    scores = predictor.golden_scores
    difference = np.abs(predictor.score(predictor.golden_rows) - scores).max()
    allowed = GOLDEN_TOLERANCE * max(1.0, float(np.abs(scores).max()))
    if not difference <= allowed:
        raise Refusal(
            f"the model's answers differ from those of training by {difference:.2g}, "
            f"allowed is {allowed:.2g}"
        )


def golden_answers(content: bytes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows and the scores that training wrote."""
    try:
        document = json.loads(content)
        rows = np.array(document["rows"], dtype=np.float64)
        scores = np.array(document["scores"], dtype=np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise ContractError(f"{artifact.GOLDEN} cannot be read: {error}") from error
    if rows.ndim != 2 or scores.shape != rows.shape[:1] or not len(rows):
        raise ContractError(f"{artifact.GOLDEN} needs a score per row, got {len(rows)} rows")
    return rows, scores
