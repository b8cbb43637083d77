"""Data are fetched each day, missed days are caught up with, and no day is done twice."""

from datetime import UTC, datetime

import pytest

from contracts.ingestion import DayOutcome
from tests.system.ingestion.conftest import Site

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

HEADER = "station,day,rides\n"


def test_days_are_fetched_caught_up_with_and_done_once(site: Site) -> None:
    # The fourth was delivered, the fifth is not, and the third has a row of the fourth.
    site.deliver("2026-03-03", HEADER + "1,2026-03-03,5\n2,2026-03-04,6\n")
    site.deliver("2026-03-04", HEADER + "1,2026-03-04,7\n")
    site.until(datetime(2026, 3, 6, 6, 1, tzinfo=UTC))

    [first] = site.ended()
    assert first["status"] == "SUCCEEDED", first
    assert site.files("rides") == {
        "2026-03-03.csv": HEADER + "1,2026-03-03,5\n",
        "2026-03-04.csv": HEADER + "2,2026-03-04,6\n1,2026-03-04,7\n",
    }
    assert site.files("weather") == {
        f"2026-03-0{day}.csv": f"day,degrees\n2026-03-0{day},7.5\n" for day in (3, 4)
    }
    assert sorted(site.files("holidays")) == [f"2026-03-0{day}.csv" for day in (3, 4, 5)]
    assert site.record("2026-03-05").outcome is DayOutcome.WAITING
    [line] = site.ledger()
    assert line.startswith("ingestion_ended: ")
    assert line.index("2026-03-03: ") < line.index("2026-03-04: ") < line.index("2026-03-05: ")
    assert site.inbox.all() == []

    # The next day: what was missing has come, with a file that is none and a bad row.
    before = site.versions()
    site.deliver("2026-03-05", HEADER + "1,2026-03-05,8\n")
    site.deliver("2026-03-06", HEADER + "1,2026-03-06,9\n2,2026-03-06,-1\n")
    site.deliver("2026-03-06", "nonsense\n", "other.csv")
    site.until(datetime(2026, 3, 7, 6, 1, tzinfo=UTC))

    assert site.files("rides")["2026-03-06.csv"] == HEADER + "1,2026-03-06,9\n"
    written = {key.rpartition("/")[2] for key, _ in site.versions() - before}
    assert written == {"2026-03-05.csv", "2026-03-06.csv"}
    [notice] = site.inbox.all()
    assert "2026-03-06: " in notice.text
    assert "quarantined 1 files and 1 rows" in notice.text
    kept = [key.partition("/rides/")[2] for key in site.keys("rides/quarantine/")]
    assert sorted(kept) == [
        "2026-03-06/all.csv.rows.csv",
        "2026-03-06/other.csv",
        "2026-03-06/other.csv.reason.json",
    ]

    # A person asks for a day that is done, and for one that its source has changed.
    before = site.versions()
    site.deliver("2026-03-03", HEADER + "1,2026-03-03,50\n")
    assert site.ask("2026-03-04", "2026-03-03")["days"] == ["2026-03-03", "2026-03-04"]
    site.rest()

    assert "2026-03-04: nothing new at its sources" in site.ended()[-1]["output"]
    assert site.record("2026-03-03").version == 2
    changed = {key.partition("incoming/")[2] for key, _ in site.versions() - before}
    assert changed == {"rides/2026-03-03.csv", "rides/2026-03-04.csv"}
    assert site.files("rides")["2026-03-04.csv"] == HEADER + "1,2026-03-04,7\n"


def test_a_day_that_cannot_be_fetched_is_told_once_with_the_reason(site: Site) -> None:
    site.deliver("2026-03-10", HEADER + "1,2026-03-10,5\n")
    site.until(datetime(2026, 3, 11, 5, tzinfo=UTC))
    told = len(site.inbox.all())
    site.until(datetime(2026, 3, 11, 6, 1, tzinfo=UTC))

    assert site.ended()[-1]["status"] == "FAILED"
    [notice] = site.inbox.all()[told:]
    assert "the calendar is not published yet" in notice.text
    assert "docs/runbooks/job-failed.md" in notice.text
    assert not any("2026-03-10" in key for key, _ in site.versions())
