"""What a folder's replay says is read strictly, and a model without one is told of the others."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from demo import places, replay
from demo.failure import DemoFailed

CARD = (places.WORKLOADS / "churn" / "card.toml").read_text()
GOOD = (places.WORKLOADS / "churn" / replay.FILE).read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "WORKLOADS", tmp_path)
    made = tmp_path / "churn"
    made.mkdir()
    (made / "card.toml").write_text(CARD)
    (made / replay.FILE).write_text(GOOD)
    return made


def test_a_replay_is_read(folder: Path) -> None:
    found = replay.load("churn")
    assert (found.start, found.last_month) == (
        datetime(1997, 5, 1, tzinfo=UTC),
        date(1998, 4, 1),
    )
    assert (found.limit, found.above_frozen) == (0.82, 0.08)


def test_labels_land_before_what_they_are_about(folder: Path) -> None:
    assert replay.load("churn").landing_order == ["labels", "purchases"]


def test_an_unknown_model_is_told_which_ones_there_are(folder: Path) -> None:
    with pytest.raises(DemoFailed, match="no model 'chum' can be played") as failed:
        replay.load("chum")
    assert "choose one of: churn" in failed.value.next_step


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("start = 1997-05-01", "start = 1997-05-02", "start must be the first of a month"),
        ("start = 1997-05-01", 'start = "1997-05"', "start must be the first of a month"),
        ("above_frozen = 0.08", "", r"bars lacks the field 'above_frozen'"),
        ("title =", "titel =", "unknown field 'titel'"),
        ("title =", "title", "replay.toml"),
    ],
)
def test_a_wrong_replay_names_file_and_field(
    folder: Path, old: str, new: str, complaint: str
) -> None:
    (folder / replay.FILE).write_text(GOOD.replace(old, new))
    with pytest.raises(DemoFailed, match=complaint):
        replay.load("churn")
