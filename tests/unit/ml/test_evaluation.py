"""Evaluation scores both artifacts, as delivered, on the same rows."""

import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from job_folders import Files
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from contracts import artifact
from contracts.evaluation import parse_evaluation
from ml.evaluation import archive
from ml.evaluation.bootstrap import auc_gain
from ml.evaluation.metrics import all_metrics, auc
from ml.refusal import Refusal

Evaluate = Callable[..., Path]
CHAMPION_URI = "s3://artifacts/champion/model.tar.gz"


def pack(model: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:gz") as packed:
        for path in sorted(model.iterdir()):
            packed.add(path, path.name)


def test_the_first_candidate_is_scored_alone(
    evaluation: Evaluate, trained: Path, shop: Files, tmp_path: Path
) -> None:
    output = evaluation(
        shop,
        lambda inputs: pack(trained, inputs / "candidate" / "model.tar.gz"),
        PERENNIAL_CHAMPION_URI="",
    )
    report = parse_evaluation(json.loads((output / "evaluation.json").read_text()))
    assert report.champion is None
    assert report.holdout.snapshot_date == "1997-04-01"
    packed = tmp_path / "evaluation" / "processing" / "input" / "candidate" / "model.tar.gz"
    assert report.candidate.artifact_sha256 == sha256(packed.read_bytes()).hexdigest()
    manifest = (trained / artifact.MANIFEST).read_bytes()
    assert report.candidate.manifest_sha256 == sha256(manifest).hexdigest()
    trained_metrics = json.loads((trained / artifact.METRICS).read_text())["metrics"]
    assert report.candidate.metrics == trained_metrics
    assert (output / artifact.BASELINE).read_bytes() == (trained / artifact.BASELINE).read_bytes()


def test_golden_rows_are_written_as_requests(
    evaluation: Evaluate, trained: Path, shop: Files
) -> None:
    output = evaluation(shop, lambda inputs: pack(trained, inputs / "candidate" / "model.tar.gz"))
    golden = json.loads((trained / artifact.GOLDEN).read_text())["rows"]
    lines = (output / "golden.csv").read_text().splitlines()
    assert [[float(cell) for cell in line.split(",")] for line in lines] == golden


def test_the_same_model_twice_gains_exactly_nothing(
    evaluation: Evaluate, trained: Path, shop: Files
) -> None:
    def both(inputs: Path) -> None:
        pack(trained, inputs / "candidate" / "model.tar.gz")
        pack(trained, inputs / "champion" / "model.tar.gz")

    output = evaluation(shop, both, PERENNIAL_CHAMPION_URI=CHAMPION_URI)
    report = parse_evaluation(json.loads((output / "evaluation.json").read_text()))
    assert report.gain is not None
    assert (report.gain.value, report.gain.low, report.gain.high) == (0, 0, 0)
    assert report.champion is not None
    assert report.champion.metrics == report.candidate.metrics


def test_a_tampered_artifact_is_refused(
    evaluation: Evaluate, trained: Path, shop: Files, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in trained.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / artifact.MODEL).write_bytes(b"other")
    with pytest.raises(Refusal, match=r"model.onnx has sha256 .*, the manifest says"):
        evaluation(shop, lambda inputs: pack(copy, inputs / "candidate" / "model.tar.gz"))


def hostile(member: tarfile.TarInfo, content: bytes = b"") -> bytes:
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as target:
        member.size = len(content)
        target.addfile(member, BytesIO(content))
    return packed.getvalue()


def link() -> tarfile.TarInfo:
    member = tarfile.TarInfo("model.onnx")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (hostile(tarfile.TarInfo("../escaped"), b"x"), "cannot be unpacked"),
        (hostile(link()), "'model.onnx', which is no plain file"),
        (b"not an archive", "cannot be unpacked"),
        (hostile(tarfile.TarInfo("model.onnx"), b"x" * 5000)[:-20], "cannot be unpacked"),
    ],
)
def test_a_hostile_archive_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(Refusal, match=reason):
        archive.unpack(tmp_path / "model.tar.gz", tmp_path / "room")
    assert not (tmp_path / "escaped").exists()


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    (tmp_path / "model.tar.gz").write_bytes(hostile(tarfile.TarInfo("model.onnx"), b"0" * 1001))
    with pytest.raises(Refusal, match=r"more than 100 files or 1000 bytes"):
        archive.unpack(tmp_path / "model.tar.gz", tmp_path / "room")


def sample(rows: int, seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = (draw.random(rows) < 0.8).astype(np.int64)
    scores = np.clip(draw.normal(0.4 + 0.2 * labels, 0.2), 0.001, 0.999)
    return labels, np.round(scores, 1).clip(0.01, 0.99) if ties else scores


@pytest.mark.parametrize("ties", [True, False])
def test_the_metrics_are_those_of_scikit_learn(ties: bool) -> None:
    labels, scores = sample(2000, 3, ties)
    assert all_metrics(labels, scores) == pytest.approx(
        {
            "auc": roc_auc_score(labels, scores),
            "brier": brier_score_loss(labels, scores),
            "log_loss": log_loss(labels, scores),
        }
    )


def test_an_auc_of_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs both classes, got 2 positives and 0 negatives"):
        auc(np.array([1, 1]), np.array([0.1, 0.2]))


def test_the_interval_covers_no_gain_about_as_often_as_it_says() -> None:
    """Two equally noisy views of one truth: 95 % of the intervals hold 0, within chance."""
    covered = 0
    for seed in range(100):
        draw = np.random.default_rng(seed)
        labels = (draw.random(400) < 0.7).astype(np.int64)
        truth = labels + draw.normal(0, 1, 400)
        views = [truth + draw.normal(0, 0.7, 400) for _ in range(2)]
        gain = auc_gain(labels, views[0], views[1], samples=200, confidence=0.95, seed=seed)
        covered += gain.low <= 0 <= gain.high
    assert 88 <= covered <= 99


def test_a_clear_gain_has_an_interval_above_zero_and_is_repeatable() -> None:
    labels, scores = sample(3000, 5, ties=False)
    worse = scores + np.random.default_rng(1).normal(0, 0.5, 3000)
    gain = auc_gain(labels, scores, worse, samples=200, confidence=0.95, seed=1)
    assert 0 < gain.low < gain.value < gain.high
    assert gain == auc_gain(labels, scores, worse, samples=200, confidence=0.95, seed=1)
