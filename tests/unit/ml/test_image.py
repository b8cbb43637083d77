"""The image's list of sources is complete: what it names runs on its own."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from job_folders import Files, Job

ROOT = Path(__file__).parents[3]
IMAGE = tomllib.loads((ROOT / "ml" / "image.toml").read_text())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Copy the image's sources alone, as a build would."""
    root = tmp_path / "image"
    for source in IMAGE["sources"]:
        target = root / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    return root


def run(image: Path, base: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=image,
        env={"PATH": os.defpath, "SAGEMAKER_BASE_DIR": str(base)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_image_holds_all_of_ml_but_the_workloads() -> None:
    inside = {
        str(path.relative_to(ROOT))
        for source in IMAGE["sources"]
        for path in [ROOT / source, *(ROOT / source).rglob("*")]
    }
    needed = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "ml").rglob("*.py")
        if "workloads" not in path.parts
    }
    assert needed <= inside
    assert not [path for path in inside if path.startswith("ml/workloads")]


@pytest.mark.slow
def test_a_training_job_runs_in_the_image_alone(image: Path, tmp_path: Path, shop: Files) -> None:
    settings = {"model": "churn", "as_of": "1997-06-01T00:00:00Z", "run_id": "r"}
    base = Job(base=tmp_path / "opt-ml").training(shop, settings).base
    done = run(image, base, *IMAGE["entrypoint"][1:], "train")
    assert done.returncode == 0, done.stderr
    assert "auc=0." in done.stdout
    assert (base / "model" / "model.onnx").is_file()


def test_a_refused_training_job_says_why_in_one_sentence(
    image: Path, tmp_path: Path, shop: Files
) -> None:
    base = Job(base=tmp_path / "opt-ml").training(shop, {"as_of": "soon", "run_id": "r"}).base
    assert run(image, base, *IMAGE["entrypoint"][1:], "train").returncode == 1
    reason = (base / "output" / "failure").read_text()
    assert reason == "as_of must be an ISO 8601 time, got 'soon'"


@pytest.mark.slow
def test_a_refused_processing_job_says_why_in_its_exit_message(image: Path, tmp_path: Path) -> None:
    base = tmp_path / "opt-ml"
    assert run(image, base, "-m", "ml.validation").returncode == 1
    message = (base / "output" / "message").read_text()
    assert message == "the setting PERENNIAL_AS_OF is missing"


def test_an_unknown_command_is_refused_by_name(image: Path, tmp_path: Path) -> None:
    done = run(image, tmp_path, *IMAGE["entrypoint"][1:], "tune")
    assert done.returncode == 2
    assert done.stderr == "the command must be one of train, serve, got ['tune']\n"
