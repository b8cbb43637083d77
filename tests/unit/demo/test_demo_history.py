"""Data lands when a company would have had it, and no day earlier."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from demo import history, places
from demo.failure import DemoFailed
from demo.history import History, first_of_next_month

WINDOW = timedelta(days=60)
EPOCH = date(1970, 1, 1)


@pytest.fixture
def months(tmp_path: Path) -> History:
    for part, names in {
        "purchases": ["1997-03", "1997-04", "1997-05"],
        "labels": ["1997-02-01", "1997-03-01", "1997-04-01"],
        "requests": ["1997-05-01"],
    }.items():
        (tmp_path / part).mkdir()
        for name in names:
            (tmp_path / part / f"{name}.csv").touch()
    return History(root=tmp_path)


def test_a_month_of_purchases_lands_when_it_is_over(months: History) -> None:
    landed = months.purchases(since=EPOCH, before=date(1997, 5, 1))
    assert [path.stem for path in landed] == ["1997-03", "1997-04"]


def test_labels_land_on_the_day_their_window_closes(months: History) -> None:
    closes = date(1997, 4, 1) + WINDOW
    before = months.labels(window=WINDOW, after=EPOCH, by=closes - timedelta(days=1))
    on_the_day = months.labels(window=WINDOW, after=EPOCH, by=closes)
    assert [path.stem for path in before] == ["1997-02-01", "1997-03-01"]
    assert [path.stem for path in on_the_day][-1] == "1997-04-01"


def test_nothing_lands_twice(months: History) -> None:
    may, june = date(1997, 5, 1), date(1997, 6, 1)
    later = months.labels(window=WINDOW, after=may, by=june)
    assert [path.stem for path in later] == ["1997-04-01"]
    assert [path.stem for path in months.purchases(since=may, before=june)] == ["1997-05"]


def test_a_month_that_is_not_in_the_data_is_named(months: History) -> None:
    with pytest.raises(DemoFailed, match=r"the data has no requests/1999-01-01\.csv"):
        months.requests(date(1999, 1, 1))


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
    (tmp_path / history.WHEEL).write_bytes(b"something else")
    with pytest.raises(DemoFailed, match="does not have the sha256 261e3dc8"):
        history.fetch(tmp_path / "log")


def test_without_an_index_the_way_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "DATA", tmp_path)
    monkeypatch.setattr(places, "PIP_PYTHON", Path(shutil.which("false") or "/bin/false"))
    with pytest.raises(DemoFailed, match="fetching the purchases") as failed:
        history.fetch(tmp_path / "log")
    assert "connect to a Python package index, or put Lifetimes-0.11.3" in failed.value.next_step
