"""A training that was interrupted ends with the very bytes of one that was not."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HYPERPARAMETERS, Rated

from ml.training.checkpoints import Checkpoint, Checkpoints
from ml.workloads.recommender import learning, model
from ml.workloads.recommender.factorization import Pairs, exact
from ml.workloads.recommender.learning import Learning
from ml.workloads.recommender.settings import read

EPOCHS = int(HYPERPARAMETERS["epochs"])


@pytest.fixture(scope="module")
def uninterrupted(known: Rated, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return fit(known, tmp_path_factory.mktemp("checkpoints"))


def fit(rows: Rated, checkpoints: Path) -> bytes:
    return model.fit(rows.features, rows.labels, HYPERPARAMETERS, checkpoints).onnx


def interrupted(rows: Rated, checkpoints: Path, after: int) -> None:
    """Train ``after`` epochs and no further."""
    pairs = Pairs.of(rows.features, rows.labels)
    with exact():
        for epoch in Learning(pairs, read(HYPERPARAMETERS), checkpoints).epochs():
            if epoch == after:
                return


@pytest.mark.parametrize("after", [1, EPOCHS - 1, EPOCHS])
def test_it_goes_on_from_the_newest_checkpoint(
    known: Rated,
    uninterrupted: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    after: int,
) -> None:
    interrupted(known, tmp_path, after)
    capsys.readouterr()
    assert fit(known, tmp_path) == uninterrupted
    said = capsys.readouterr().out
    assert f"resumed after epoch {after} of {EPOCHS}" in said
    assert said.count("train_rmse") == EPOCHS - after


def test_it_may_be_interrupted_again_and_again(
    known: Rated, uninterrupted: bytes, tmp_path: Path
) -> None:
    for after in range(1, EPOCHS):
        interrupted(known, tmp_path, after)
    assert fit(known, tmp_path) == uninterrupted


def test_a_torn_checkpoint_costs_one_epoch_more(
    known: Rated, uninterrupted: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(known, tmp_path, 3)
    newest = tmp_path / "epoch-000003.checkpoint"
    newest.write_bytes(newest.read_bytes()[:1000])
    capsys.readouterr()
    assert fit(known, tmp_path) == uninterrupted
    said = capsys.readouterr().out
    assert "epoch-000003.checkpoint is torn or changed, and ignored" in said
    assert f"resumed after epoch 2 of {EPOCHS}" in said


def test_checkpoints_of_other_ratings_are_no_use(
    known: Rated, uninterrupted: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(Rated(features=known.features, labels=known.labels[::-1].copy()), tmp_path, 3)
    assert fit(known, tmp_path) == uninterrupted
    assert "is of another training, and ignored" in capsys.readouterr().out


class _Program:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, ("was-run",))


def test_a_checkpoint_is_data_and_never_run(
    known: Rated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one whose digest is right."""
    monkeypatch.chdir(tmp_path)
    pairs = Pairs.of(known.features, known.labels)
    folder = tmp_path / "checkpoints"
    interrupted(known, folder, 1)
    training = (folder / "epoch-000001.checkpoint").read_bytes().split(b"\n")[1].decode()
    Checkpoints(folder=folder, training=training).save(
        Checkpoint(epoch=2, content=pickle.dumps(_Program(), protocol=2))
    )
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        Learning(pairs, read(HYPERPARAMETERS), folder)
    assert not (tmp_path / "was-run").exists()


def test_the_last_epochs_learn_slowest(known: Rated, tmp_path: Path) -> None:
    training = Learning(Pairs.of(known.features, known.labels), read(HYPERPARAMETERS), tmp_path)
    rates: list[float] = []
    for epoch in range(EPOCHS):
        training.done = epoch
        rates.append(training.rate)
    assert rates == sorted(rates, reverse=True)
    assert (rates[0], rates[-1]) == (0.03, pytest.approx(learning.LAST_RATE * 0.03))


@pytest.mark.slow
def test_a_killed_training_goes_on(known: Rated, uninterrupted: bytes, tmp_path: Path) -> None:
    """Killed as a spot instance's container may be: at any moment, with no last word."""
    import numpy as np

    np.savez(tmp_path / "rows.npz", features=known.features, labels=known.labels)
    folder = tmp_path / "checkpoints"
    program = (
        "import sys, json, numpy; from pathlib import Path;"
        "from ml.workloads.recommender.model import fit;"
        "rows = numpy.load(sys.argv[1]);"
        "fit(rows['features'], rows['labels'], json.loads(sys.argv[2]), Path(sys.argv[3]))"
    )
    told = str(HYPERPARAMETERS).replace("'", '"')
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "rows.npz", told, folder],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith("epoch 2:"):
                running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert any(folder.iterdir())
    assert fit(known, folder) == uninterrupted
