"""The recommender answers what it learned, alike in PyTorch and as exported; the unknown, too."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from conftest import HYPERPARAMETERS, Rated
from numpy.typing import NDArray

from contracts.card import Task
from ml.refusal import Refusal
from ml.serving.predictor import answers, open_session
from ml.training.fitted import Fitted
from ml.workloads.recommender import model
from ml.workloads.recommender.factorization import exact

ROOT = Path(__file__).parents[3]
NOBODY = 16_000_000


@pytest.fixture(scope="module")
def fitted(known: Rated, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fit(known, tmp_path_factory.mktemp("checkpoints"))


def fit(rows: Rated, checkpoints: Path, **settings: str) -> Fitted:
    return model.fit(rows.features, rows.labels, {**HYPERPARAMETERS, **settings}, checkpoints)


def exported(fitted: Fitted, features: NDArray[np.float32]) -> NDArray[np.float64]:
    return answers(open_session(fitted.onnx), Task.RECOMMENDATION, features)


def pairs(*numbers: tuple[int, int]) -> NDArray[np.float32]:
    return np.array(numbers, dtype=np.float32)


def table(fitted: Fitted, name: str) -> NDArray[np.float32]:
    loaded = onnx.load_from_string(fitted.onnx)
    (found,) = [each for each in loaded.graph.initializer if each.name == name]
    return onnx.numpy_helper.to_array(found)


def rmse(labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    return float(np.sqrt(((labels - scores) ** 2).mean()))


def test_the_exported_model_answers_every_pair_as_pytorch_does(fitted: Fitted) -> None:
    """All pairs of all users and items, some of each unknown."""
    everybody = pairs(*((user, item) for user in range(1, 156) for item in range(1, 56)))
    differences = np.abs(fitted.predict(everybody) - exported(fitted, everybody))
    assert differences.max() < 1e-5


def test_it_foretells_the_next_month_better_than_the_mean_does(
    fitted: Fitted, known: Rated, months: list[Rated]
) -> None:
    newest = months[-1]
    constant = rmse(newest.labels, np.full(len(newest.labels), known.labels.mean()))
    assert rmse(newest.labels, exported(fitted, newest.features)) < 0.95 * constant


def test_nobody_known_about_nothing_known_gets_the_mean(fitted: Fitted, known: Rated) -> None:
    assert exported(fitted, pairs((NOBODY, NOBODY)))[0] == pytest.approx(known.labels.mean())


def test_an_unknown_user_gets_what_the_item_usually_gets(fitted: Fitted, known: Rated) -> None:
    item = int(known.features[0, 1])
    place = 1 + np.unique(known.features[:, 1]).tolist().index(item)
    usual = known.labels.mean() + table(fitted, "item_biases")[place, 0]
    assert exported(fitted, pairs((NOBODY, item)))[0] == pytest.approx(usual, abs=1e-5)
    assert abs(usual - known.labels.mean()) > 1e-3


def test_an_unknown_item_gets_what_the_user_usually_gives(fitted: Fitted, known: Rated) -> None:
    user = int(known.features[0, 0])
    place = 1 + np.unique(known.features[:, 0]).tolist().index(user)
    usual = known.labels.mean() + table(fitted, "user_biases")[place, 0]
    assert exported(fitted, pairs((user, NOBODY)))[0] == pytest.approx(usual, abs=1e-5)
    assert abs(usual - known.labels.mean()) > 1e-3


def test_whoever_is_unknown_has_a_row_of_zeros(fitted: Fitted) -> None:
    for name in ("user_factors", "item_factors", "user_biases", "item_biases"):
        assert not table(fitted, name)[0].any()


def test_a_user_of_one_rating_is_believed_a_little(known: Rated, tmp_path: Path) -> None:
    """One enthusiastic rating moves a newcomer's answers up, and by far not to five stars."""
    item = int(known.features[0, 1])
    with_one = Rated(
        features=np.concatenate([known.features, pairs((9_000, item))]),
        labels=np.append(known.labels, 5.0),
    )
    newcomer = fit(with_one, tmp_path)
    others = exported(newcomer, pairs((NOBODY, item), (9_000, item)))
    assert others[0] < others[1] < (others[0] + 5) / 2


def test_the_largest_number_of_a_card_keeps_its_own_row(known: Rated, tmp_path: Path) -> None:
    last, before = 2**24, 2**24 - 1
    rows = Rated(
        features=np.concatenate([known.features, pairs(*[(last, i) for i in range(1, 21)])]),
        labels=np.append(known.labels, np.full(20, 5.0)),
    )
    one, other = exported(fit(rows, tmp_path), pairs((last, 1), (before, 1)))
    assert one > other


def test_no_answer_lies_outside_the_scale(known: Rated, tmp_path: Path) -> None:
    narrow = fit(known, tmp_path, lowest="3", highest="3.5")
    scores = exported(narrow, known.features)
    assert (scores.min(), scores.max()) == (3.0, 3.5)
    np.testing.assert_allclose(narrow.predict(known.features), scores, atol=1e-5)


def test_the_same_rows_give_the_same_bytes_and_another_seed_others(
    fitted: Fitted, known: Rated, tmp_path: Path
) -> None:
    assert fit(known, tmp_path / "again").onnx == fitted.onnx
    assert fit(known, tmp_path / "other", seed="4").onnx != fitted.onnx


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(fitted: Fitted, known: Rated, tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", features=known.features, labels=known.labels)
    program = (
        "import sys, json, numpy; from pathlib import Path; from hashlib import sha256;"
        "from ml.workloads.recommender.model import fit;"
        "rows = numpy.load(sys.argv[1]); told = json.loads(sys.argv[2]);"
        "fitted = fit(rows['features'], rows['labels'], told, Path(sys.argv[3]));"
        "print(sha256(fitted.onnx).hexdigest())"
    )
    told = str(HYPERPARAMETERS).replace("'", '"')
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "rows.npz", told, tmp_path / "checkpoints"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "4"},
    )
    assert done.stdout.splitlines()[-1] == sha256(fitted.onnx).hexdigest()


def test_threads_and_strictness_are_given_back() -> None:
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with exact():
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("factors", "0", "factors must be a whole number from 1, got '0'"),
        ("epochs", "many", "epochs must be a whole number from 1, got 'many'"),
        ("learning_rate", "nan", "learning_rate must be a number from 1e-09, got 'nan'"),
        ("factor_prior", "-1", "factor_prior must be a number from 0, got '-1'"),
        ("lowest", "5", r"lowest must be below highest \(5\), got 5"),
    ],
)
def test_a_setting_that_is_no_use_is_refused_by_name(
    known: Rated, tmp_path: Path, name: str, value: str, problem: str
) -> None:
    with pytest.raises(Refusal, match=problem):
        fit(known, tmp_path, **{name: value})
