"""A model's folder is told what is wrong with it before anything is deployed."""

import re
from pathlib import Path

import pytest

from ml.refusal import Refusal
from ml.workload_check import check, main

TEMPLATES = Path(__file__).parents[3] / "tools" / "new_model"
WORDS = {"@NAME@": "late", "@TASK@": "regression", "@LABEL@": 'type = "number"'}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `make new-model` writes it."""
    sources = [TEMPLATES / "card.toml"]
    sources += [*(TEMPLATES / "shared").rglob("*.*"), *(TEMPLATES / "regression").glob("*.py")]
    for source in sources:
        text = source.read_text()
        for word, value in {**WORDS, "@GATE@": "ceiling = 1.0\nmin_gain = 0.1"}.items():
            text = text.replace(word, value)
        place = tmp_path / ("golden" if source.parent.name == "golden" else "") / source.name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    return tmp_path


def test_a_fresh_folder_is_a_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    assert "are as they must be" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("features.py", "EVENTS =", "EVENT =", "features.py: EVENTS must name datasets"),
        ("features.py", '{"events"', '{"event"', "got {'event': 'date'}"),
        ("features.py", "def prepare(", "def prepared(", "features.py must define prepare("),
        ("features.py", ", asked)", ")", r"prepare must take (tables, snapshot_date, asked)"),
        ("features.py", ".round(2)", " * 2", "amount_90d of 1 must be 12.5, prepare gave 25"),
        ("model.py", "def build(", "def make(", "model.py must define build or fit, got neither"),
        ("golden/events.csv", "2.5", "much", "amount, row 2: 'much' is not a number"),
        ("golden/events.csv", "amount", "sum", "the header lacks 'amount'"),
        ("golden/2024-04-01.csv", "days_since", "days", "must end with the columns days_since"),
    ],
)
def test_what_is_wrong_is_named(
    folder: Path, file: str, old: str, new: str, complaint: str
) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    with pytest.raises(Refusal, match=re.escape(complaint)):
        check(folder)


def test_a_folder_that_is_none_is_told_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing")]) == 1
    assert "nothing: there is no card.toml; `make new-model`" in capsys.readouterr().err


def test_golden_examples_must_be_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "golden" / "2024-04-01.csv").unlink()
    assert main([str(folder)]) == 1
    assert "must hold one <snapshot date>.csv at least, got none" in capsys.readouterr().err


def test_a_prepare_that_peeks_past_the_date_is_caught(folder: Path) -> None:
    with (folder / "golden" / "events.csv").open("a") as events:
        events.write("1,2024-04-01,1000\n")  # of the day itself: not known yet
    check(folder)
