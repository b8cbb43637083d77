"""A new model is one short folder that loads, and nothing that is there is ever written over."""

from pathlib import Path

import pytest

from contracts import card
from tools.new_model.__main__ import Unwritable, write

MAX_LINES = 80


@pytest.mark.parametrize("task", ["binary_classification", "regression"])
def test_the_folder_is_short_and_its_card_loads(tmp_path: Path, task: str) -> None:
    folder = write("late-payer", task, tmp_path)
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.*")}
    assert set(files) == {
        "card.toml",
        "features.py",
        "golden/2024-04-01.csv",
        "golden/events.csv",
        "model.py",
        "test_late_payer.py",
    }
    assert sum(len(path.read_text().splitlines()) for path in files.values()) <= MAX_LINES
    assert "@" not in "".join(path.read_text() for path in files.values())
    loaded = card.load(files["card.toml"])
    assert (loaded.name, loaded.task) == ("late-payer", task)


@pytest.mark.parametrize(
    ("name", "task", "complaint"),
    [
        ("Late", "regression", "NAME must be lower-case letters, digits and hyphens"),
        ("late_payer", "regression", "got 'late_payer'"),
        ("x" * 25, "regression", "at most 24"),
        ("", "regression", "got ''"),
        ("late", "clustering", "TASK must be one of binary_classification, regression"),
    ],
)
def test_a_wrong_wish_is_told_what_is_allowed(
    tmp_path: Path, name: str, task: str, complaint: str
) -> None:
    with pytest.raises(Unwritable, match=complaint):
        write(name, task, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    folder = write("late-payer", "regression", tmp_path)
    (folder / "card.toml").write_text("mine")
    with pytest.raises(Unwritable, match="exists already"):
        write("late-payer", "regression", tmp_path)
    assert (folder / "card.toml").read_text() == "mine"
