"""Data lands when a company would have had it, and no day earlier."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from demo import history, places
from demo.failure import DemoFailed
from demo.history import History, first_of_next_month
from demo.replay import Source

DATASETS = ("purchases", "labels")
MAY, JUNE = date(1997, 5, 1), date(1997, 6, 1)
SOURCE = Source(
    requirement="lifetimes==0.11.3", wheel="some.whl", sha256="261e3dc8", member="purchases.txt"
)


@pytest.fixture
def shop(tmp_path: Path) -> History:
    for day, dataset, name, content in (
        ("1997-05-01", "purchases", "1997-04", "a,b\n3,4\n"),
        ("1997-04-01", "purchases", "1997-03", "a,b\n1,2\n"),
        ("1997-04-02", "labels", "1997-02-01", "c\n1\n"),
        ("1997-06-01", "purchases", "1997-05", "a,b\n5,6\n"),
        ("1997-05-31", "labels", "1997-04-01", "c\n3\n"),
        ("1997-05-02", "labels", "1997-03-01", "c\n2\n"),
    ):
        folder = tmp_path / "landing" / day / dataset
        folder.mkdir(parents=True)
        (folder / f"{name}.csv").write_text(content)
    return History(root=tmp_path)


def test_what_was_known_at_the_start_is_one_export_for_each_dataset(shop: History) -> None:
    landed = shop.landing(DATASETS, after=None, by=MAY)
    assert [(file.dataset, file.name, file.content) for file in landed] == [
        ("purchases", "until-1997-05-01.csv", b"a,b\n1,2\n3,4\n"),
        ("labels", "until-1997-05-01.csv", b"c\n1\n"),
    ]


def test_later_each_file_lands_on_its_day_and_once(shop: History) -> None:
    landed = shop.landing(DATASETS, after=MAY, by=JUNE)
    assert [(file.dataset, file.name) for file in landed] == [
        ("purchases", "1997-05.csv"),
        ("labels", "1997-03-01.csv"),
        ("labels", "1997-04-01.csv"),
    ]
    assert shop.landing(DATASETS, after=JUNE, by=date(1997, 7, 1)) == []


def test_a_file_with_other_columns_is_no_part_of_an_export(shop: History) -> None:
    (shop.root / "landing" / "1997-05-01" / "purchases" / "1997-04.csv").write_text("a\n3\n")
    with pytest.raises(DemoFailed, match=r"1997-04\.csv has the header b'a', the first file"):
        shop.landing(DATASETS, after=None, by=MAY)


def test_a_start_before_all_data_is_refused(shop: History) -> None:
    with pytest.raises(DemoFailed, match="the data has nothing of labels by 1997-04-01"):
        shop.landing(DATASETS, after=None, by=date(1997, 4, 1))


def test_a_month_that_is_not_in_the_data_is_named(shop: History) -> None:
    with pytest.raises(DemoFailed, match=r"the data has no requests/1999-01-01\.csv"):
        shop.requests(date(1999, 1, 1))


@pytest.mark.parametrize(
    ("moment", "following"),
    [("1997-05-01", "1997-06-01"), ("1997-12-31", "1998-01-01"), ("1998-01-30", "1998-02-01")],
)
def test_the_next_month_begins_on_its_first(moment: str, following: str) -> None:
    given = datetime.fromisoformat(moment).replace(tzinfo=UTC, hour=13)
    assert first_of_next_month(given) == datetime.fromisoformat(following).replace(tzinfo=UTC)


def test_a_wheel_with_other_content_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "DATA", tmp_path)
    monkeypatch.setattr(places, "PIP_PYTHON", Path(shutil.which("true") or "/bin/true"))
    (tmp_path / SOURCE.wheel).write_bytes(b"something else")
    with pytest.raises(DemoFailed, match="does not have the sha256 261e3dc8"):
        history.fetch(SOURCE, tmp_path / "log")


def test_without_an_index_the_way_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "DATA", tmp_path)
    monkeypatch.setattr(places, "PIP_PYTHON", Path(shutil.which("false") or "/bin/false"))
    with pytest.raises(DemoFailed, match="fetching lifetimes==0") as failed:
        history.fetch(SOURCE, tmp_path / "log")
    assert "connect to a Python package index, or put some.whl" in failed.value.next_step
