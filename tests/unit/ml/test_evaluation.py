"""Evaluation scores both artifacts, as delivered, on the same rows."""

import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from job_folders import CHURN, Files, code_archive

from contracts import artifact
from contracts.evaluation import EvaluationReport, parse_evaluation
from ml.evaluation import archive
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
    assert report.candidate.artifact_bytes == packed.stat().st_size
    assert 0 < report.candidate.latency_ms < 1000
    assert 0 < report.candidate.calibration_error < 0.2
    assert report.holdout.positives is not None
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


def test_what_promotion_compares_a_candidate_with_is_written(
    evaluation: Evaluate, trained: Path, shop: Files
) -> None:
    output = evaluation(shop, lambda inputs: pack(trained, inputs / "candidate" / "model.tar.gz"))
    known = json.loads((trained / artifact.GOLDEN).read_text())
    answers = json.loads((output / "answers.json").read_text())["scores"]
    assert answers == pytest.approx(known["scores"], abs=1e-6)
    report = json.loads((output / "evaluation.json").read_text())
    predictions = json.loads((output / "predictions.json").read_text())
    assert predictions["name"] == "score"
    assert sum(predictions["counts"]) == report["holdout"]["rows"]
    assert max(predictions["cuts"]) < 1
    first = json.loads((output / "schema.json").read_text())["features"][0]
    assert set(first) == {"name", "min", "max"}


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


SLICED = """
[[gate.slices]]
name = "newcomers"
feature = "tenure_days"
max = 75
tolerance = 0.02
min_rows = 50
[[gate.slices]]
name = "others"
feature = "tenure_days"
min = 75
tolerance = 0.02
min_rows = 50
[[gate.slices]]
name = "big spenders"
feature = "spend"
min = 1000000
tolerance = 0.02
"""


def card_with(text: str, old: str = "", new: str = "") -> dict[str, str]:
    """Return churn's card, changed and with ``text`` after its gate."""
    card = (CHURN / "card.toml").read_text()
    assert old in card
    before, gate, after = card.partition("\n[admission]\n")
    return {"card.toml": f"{before}\n{text}{gate}{after}".replace(old, new)}


def compared(
    evaluation: Evaluate, shop: Files, candidate: Path, champion: Path
) -> EvaluationReport:
    def both(inputs: Path) -> None:
        pack(candidate, inputs / "candidate" / "model.tar.gz")
        pack(champion, inputs / "champion" / "model.tar.gz")

    output = evaluation(shop, both, PERENNIAL_CHAMPION_URI=CHAMPION_URI)
    return parse_evaluation(json.loads((output / "evaluation.json").read_text()))


def test_each_slice_of_the_card_is_measured_by_itself(
    evaluation: Evaluate, training: Callable[..., Path], trained: Path, shop: Files
) -> None:
    changed = training(shop, card_with(SLICED, "max_iter = 100", "max_iter = 3"))

    report = compared(evaluation, shop, changed / "model", trained)

    newcomers, others, nobody = report.slices
    assert newcomers.rows + others.rows == report.holdout.rows
    assert newcomers.gain is not None
    assert others.gain is not None
    assert newcomers.gain.low <= newcomers.gain.value <= newcomers.gain.high
    assert newcomers.gain.value != others.gain.value
    assert newcomers.candidate is not None
    assert newcomers.champion is not None
    assert newcomers.gain.value == newcomers.candidate - newcomers.champion
    assert (nobody.name, nobody.rows, nobody.candidate, nobody.champion, nobody.gain) == (
        "big spenders",
        0,
        None,
        None,
        None,
    )


def test_another_metric_is_judged_where_the_card_says_so(
    evaluation: Evaluate, training: Callable[..., Path], trained: Path, shop: Files
) -> None:
    text = (CHURN / "card.toml").read_text()
    by_brier = text + '\n[evaluation]\nmetric = "brier"\n'
    by_brier = by_brier.replace("\nfloor =", "\nceiling =")
    changed = training(shop, {"card.toml": by_brier.replace("max_iter = 100", "max_iter = 1")})

    report = compared(evaluation, shop, changed / "model", trained)

    assert report.metric == "brier"
    assert report.gain is not None
    assert report.champion is not None
    worse = report.candidate.metrics["brier"] - report.champion.metrics["brier"]
    assert worse > 0
    assert report.gain.value == -worse
    assert report.gain.high < 0


def test_a_champion_that_needs_a_feature_no_longer_made_is_refused_by_name(
    evaluation: Evaluate, training: Callable[..., Path], trained: Path, shop: Files
) -> None:
    def both(inputs: Path) -> None:
        pack(fewer, inputs / "candidate" / "model.tar.gz")
        pack(trained, inputs / "champion" / "model.tar.gz")
        # The job's code is the candidate's: it makes the features of its own card.
        code_archive(inputs / "code" / "abc.zip", without)

    last = '[[features]]\nname = "spend"\nmin = 0\nmax = 10000000\n'
    without = card_with("", last, "")
    fewer = training(shop, without) / "model"
    with pytest.raises(Refusal) as refusal:
        evaluation(shop, both, PERENNIAL_CHAMPION_URI=CHAMPION_URI)
    assert str(refusal.value) == (
        f"{CHAMPION_URI} is of an older schema: it needs the features ['spend'], which the "
        "hold-out lacks; keep them on the card until it is replaced"
    )


def test_a_champion_of_another_question_is_refused_by_name(
    evaluation: Evaluate, training: Callable[..., Path], trained: Path, shop: Files
) -> None:
    other = training(shop, card_with("", "label_window_days = 60", "label_window_days = 59"))

    with pytest.raises(Refusal) as refusal:
        compared(evaluation, shop, trained, other / "model")
    assert str(refusal.value) == (
        f"{CHAMPION_URI} answers another question: its label window in days is 59, "
        "the candidate's is 60"
    )


def test_a_champion_whose_card_cannot_be_read_any_more_is_refused_by_name(
    evaluation: Evaluate, trained: Path, shop: Files, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for path in trained.iterdir():
        (older / path.name).write_bytes(path.read_bytes())
    card = (older / artifact.CARD).read_bytes() + b"\n[forgotten]\nsetting = 1\n"
    (older / artifact.CARD).write_bytes(card)
    listed = artifact.parse_manifest((older / artifact.MANIFEST).read_bytes()).files
    digests = {**listed, artifact.CARD: sha256(card).hexdigest()}
    (older / artifact.MANIFEST).write_bytes(artifact.Manifest(files=digests).render())

    with pytest.raises(Refusal, match=rf"^{CHAMPION_URI} is of an older schema: .*'forgotten'"):
        compared(evaluation, shop, trained, older)
