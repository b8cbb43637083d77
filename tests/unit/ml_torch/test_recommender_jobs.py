"""The recommender's jobs as SageMaker runs them: validation, training, evaluation."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from job_folders import ROOT, WORKLOADS, Job

from contracts import artifact
from contracts.card import load
from contracts.evaluation import parse_evaluation
from ml.evaluation.__main__ import evaluate
from ml.places import Places
from ml.serving.predictor import load_verified
from ml.training.__main__ import train
from ml.training.provenance import Image
from ml.validation.__main__ import validate
from ml.workloads.recommender.generation import World, generate
from ml.workloads.recommender.history import COLUMNS

pytestmark = pytest.mark.slow

RECOMMENDER = WORKLOADS / "recommender"
IMAGE = Image(lock=ROOT / "requirements" / "torch.txt", commit="unknown")
AS_OF = "2022-10-01T00:00:00Z"
VARIABLES = {
    "PERENNIAL_AS_OF": AS_OF,
    "PERENNIAL_RUN_ID": "recommender-dev-0123456789ab",
    "PERENNIAL_MODEL": "recommender",
    "PERENNIAL_CANDIDATE_URI": "s3://artifacts/candidate/model.tar.gz",
}

Train = Callable[[str], Path]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Nine months of ratings, a file for each."""
    ratings = generate(World(users=600, items=200, months=9))[COLUMNS]
    return {
        f"ratings/{month}.csv": rows.to_csv(index=False, lineterminator="\n").encode()
        for month, rows in ratings.groupby(ratings["date"].dt.to_period("M"))
    }


@pytest.fixture(scope="module")
def trained(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Run a training job as of a day, in a folder of its own."""

    def run(as_of: str) -> Path:
        base = tmp_path_factory.mktemp("training")
        settings = {"model": "recommender", "as_of": as_of, "run_id": VARIABLES["PERENNIAL_RUN_ID"]}
        Job(base=base, workload=RECOMMENDER).training(files, settings)
        train(Places(base=base), IMAGE, {})
        return base / "model"

    return run


@pytest.fixture(scope="module")
def candidate(trained: Train) -> Path:
    return trained(AS_OF)


def deliver(model: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        for path in sorted(model.iterdir()):
            archive.add(path, path.name)


def test_the_same_run_in_another_folder_gives_the_same_manifest(
    candidate: Path, trained: Train
) -> None:
    again = trained(AS_OF)
    manifest = (candidate / artifact.MANIFEST).read_bytes()
    assert (again / artifact.MANIFEST).read_bytes() == manifest
    assert load_verified(again).card == load(RECOMMENDER / "card.toml")


def test_what_is_made_up_is_accepted(files: dict[str, bytes], tmp_path: Path) -> None:
    Job(base=tmp_path, workload=RECOMMENDER).processing(files)
    validate(Places(base=tmp_path), VARIABLES)
    report = json.loads((tmp_path / "processing/output/report/report.json").read_text())
    assert report["verdict"] == "accepted"


def test_evaluation_judges_by_rmse_and_says_how_well_items_are_ranked(
    files: dict[str, bytes], candidate: Path, trained: Train, tmp_path: Path
) -> None:
    """The champion learned from the first months alone, and tastes have wandered since."""
    Job(base=tmp_path, workload=RECOMMENDER).processing(files)
    inputs = tmp_path / "processing" / "input"
    deliver(candidate, inputs / "candidate")
    deliver(trained("2022-05-01T00:00:00Z"), inputs / "champion")
    champion = {"PERENNIAL_CHAMPION_URI": "s3://artifacts/champion/model.tar.gz"}
    evaluate(Places(base=tmp_path), {**VARIABLES, **champion})
    written = tmp_path / "processing/output/evaluation/evaluation.json"
    report = parse_evaluation(json.loads(written.read_text()))
    assert set(report.candidate.metrics) == {"rmse", "mae", "ndcg", "recall"}
    assert report.champion is not None
    assert report.candidate.metrics["rmse"] < report.champion.metrics["rmse"]
    assert report.candidate.metrics["ndcg"] > report.champion.metrics["ndcg"]
    assert report.gain is not None
    assert report.gain.low > 0
    (founders,) = report.slices
    assert 0 < founders.rows <= report.holdout.rows
