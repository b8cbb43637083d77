"""A day's data: fetched from three kinds of source, judged, put by event day, done once."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from bucket import Bucket

from contracts.ingestion import DayOutcome, DayRecord, parse_day_record
from ml.ingestion.__main__ import ingest
from ml.ingestion.athena import Athena
from ml.places import Places
from ml.refusal import Refusal

CARD = """
[model]
name = "rides"
task = "regression"
description = "d"
owner = "o"
label = "rides"
label_window_days = 1

[[datasets]]
name = "rides"
unique = ["id"]
time = "day"
columns = [
    { name = "id", type = "integer" },
    { name = "day", type = "date" },
    { name = "rides", type = "integer", min = 0 },
]

[[datasets]]
name = "notes"
columns = [{ name = "text", type = "text" }]

[[features]]
name = "x"

[validation]
max_bad_row_share = 0.5

[gate]
ceiling = 1.0

[ingestion]
"""
PREFIX = """
[[ingestion.sources]]
dataset = "rides"
kind = "prefix"
prefix = "bikes/{day}/"
"""
QUERY = """
[[ingestion.sources]]
dataset = "rides"
kind = "query"
query = "SELECT * FROM rides WHERE day = '{day}'"
database = "city"
reads = ["s3://lake/rides/"]
"""
CODE = """
[[ingestion.sources]]
dataset = "notes"
kind = "code"
"""
SOURCE = """
from datetime import date

def fetch(dataset: str, day: date) -> bytes:
    return f"text\\nnote of {day} for {dataset}\\n".encode()
"""
HEADER = "id,day,rides\n"
RAW = "rides/raw/bikes/2026-03-02/"
RECORD = "rides/ingested/2026-03-02.json"
INCOMING = "rides/incoming/rides/"


@dataclass
class Site:
    base: Path
    bucket: Bucket = field(default_factory=Bucket)
    athena: Any = None
    run_id: str = "rides-dev-ingest-1"

    def deliver(self, text: str, name: str = "a.csv", day: str = "2026-03-02") -> None:
        self.bucket.objects[f"rides/raw/bikes/{day}/{name}"] = text.encode()

    def ingest(
        self,
        sources: str = PREFIX,
        *,
        day: str = "2026-03-02",
        card: str = CARD,
        code: str = SOURCE,
    ) -> str:
        archive = self.base / "processing" / "input" / "code" / "code.zip"
        archive.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("card.toml", card + sources)
            made.writestr("source.py", code)
        variables = {
            "PERENNIAL_AS_OF": "2026-03-08T00:00:00Z",
            "PERENNIAL_DAY": day,
            "PERENNIAL_DATA_BUCKET": "data",
            "PERENNIAL_RUN_ID": self.run_id,
        }
        places = Places(base=self.base)
        ingest(places, variables, {"s3": self.bucket, "athena": self.athena}.__getitem__)
        return places.message.read_text()

    def record(self, key: str = RECORD) -> DayRecord:
        return parse_day_record(json.loads(self.bucket.objects[key]))

    def text(self, key: str) -> str:
        return self.bucket.objects[key].decode()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(base=tmp_path)


def test_a_day_below_a_prefix_becomes_the_file_of_that_day(site: Site) -> None:
    site.deliver("day,id,rides\n2026-03-02,1,5\n")
    site.deliver(HEADER + "2,2026-03-02,7\n", "b.csv")

    assert site.ingest() == "2026-03-02: 2 rows of rides"

    assert site.text(f"{INCOMING}2026-03-02.csv") == HEADER + "1,2026-03-02,5\n2,2026-03-02,7\n"
    record = site.record()
    assert (record.outcome, record.version, record.rows) == (DayOutcome.WHOLE, 1, {"rides": 2})
    assert record.parts == ("rides/ingested/parts/rides/2026-03-02/2026-03-02.csv",)
    assert not record.open


def test_a_day_that_is_done_is_not_written_again(site: Site) -> None:
    site.deliver(HEADER + "1,2026-03-02,5\n")
    site.ingest()
    site.bucket.written.clear()
    site.run_id = "rides-dev-ingest-2"

    assert site.ingest() == "2026-03-02: nothing new at its sources"
    assert site.bucket.written == []


def test_changed_sources_are_a_new_version_and_replace_what_they_brought(site: Site) -> None:
    site.deliver(HEADER + "1,2026-03-02,5\n2,2026-03-01,4\n")
    site.ingest()
    site.deliver(HEADER + "1,2026-03-02,6\n")

    assert site.ingest() == "2026-03-02: 1 rows of rides, version 2 as its sources changed"

    assert site.record().version == 2
    assert site.text(f"{INCOMING}2026-03-02.csv") == HEADER + "1,2026-03-02,6\n"
    assert f"{INCOMING}2026-03-01.csv" not in site.bucket.objects
    assert site.ingest() == "2026-03-02: nothing new at its sources"


def test_a_change_of_one_day_writes_no_new_version_of_another(site: Site) -> None:
    site.deliver(HEADER + "1,2026-03-02,5\n2,2026-03-01,4\n")
    site.ingest()
    site.bucket.written.clear()
    site.deliver(HEADER + "1,2026-03-02,6\n2,2026-03-01,4\n")

    site.ingest()

    incoming = [key for key in site.bucket.written if key.startswith(INCOMING)]
    assert incoming == [f"{INCOMING}2026-03-02.csv"]


def test_rows_of_another_day_join_that_day(site: Site) -> None:
    site.deliver(HEADER + "1,2026-03-01,5\n2,2026-03-01,5\n", day="2026-03-01")
    site.ingest(day="2026-03-01")
    site.deliver(HEADER + "2,2026-03-01,9\n3,2026-03-01,4\n4,2026-03-02,8\n")

    site.ingest()

    joined = site.text(f"{INCOMING}2026-03-01.csv")
    assert joined == HEADER + "1,2026-03-01,5\n2,2026-03-01,9\n3,2026-03-01,4\n"
    assert site.text(f"{INCOMING}2026-03-02.csv") == HEADER + "4,2026-03-02,8\n"
    site.bucket.written.clear()
    site.ingest(day="2026-03-01")
    assert site.bucket.written == []


def test_days_in_another_order_give_the_same_files(tmp_path: Path) -> None:
    made = []
    for number, days in enumerate([("2026-03-01", "2026-03-02"), ("2026-03-02", "2026-03-01")]):
        site = Site(base=tmp_path / str(number))
        site.deliver(HEADER + "1,2026-03-01,5\n2,2026-03-01,5\n", day="2026-03-01")
        site.deliver(HEADER + "2,2026-03-01,9\n4,2026-03-02,8\n")
        for day in days:
            site.ingest(day=day)
        made.append({k: v for k, v in site.bucket.objects.items() if k.startswith(INCOMING)})
    assert made[0] == made[1]


def test_bad_rows_and_bad_files_are_quarantined_with_their_rules(site: Site) -> None:
    site.deliver(HEADER + "1,2026-03-02,5\n2,2026-03-02,-1\n")
    site.deliver("nonsense\n", "sub/b.csv")

    assert site.ingest() == "2026-03-02: 1 rows of rides, quarantined 1 files and 1 rows"

    assert site.text(f"{INCOMING}2026-03-02.csv") == HEADER + "1,2026-03-02,5\n"
    kept = "rides/quarantine/rides-dev-ingest-1/rides/2026-03-02/"
    assert site.text(f"{kept}sub/b.csv") == "nonsense\n"
    reason = json.loads(site.text(f"{kept}sub/b.csv.reason.json"))
    assert reason["violations"][0]["rule"] == "columns"
    rows = site.text(f"{kept}a.csv.rows.csv").splitlines()
    assert rows[0] == "row,rule,message,id,day,rides"
    assert rows[1].startswith("2,min 0,")
    record = site.record()
    assert (record.outcome, record.refused, record.set_aside) == (DayOutcome.IN_PART, 1, 1)
    assert record.open, "the source may correct the file"


def test_what_was_refused_is_judged_again_when_the_card_asks_otherwise(site: Site) -> None:
    site.deliver(HEADER + "1,2026-03-02,-5\n")
    assert "quarantined 1 files" in site.ingest()
    assert site.ingest() == "2026-03-02: nothing new at its sources"

    site.ingest(card=CARD.replace("min = 0", "min = -9"))

    assert site.text(f"{INCOMING}2026-03-02.csv") == HEADER + "1,2026-03-02,-5\n"


def test_a_day_without_data_waits_and_its_late_data_are_the_first_version(site: Site) -> None:
    assert site.ingest() == "2026-03-02: 0 rows of rides, waiting for a source"
    assert site.record().open
    assert not any(key.startswith(INCOMING) for key in site.bucket.objects)
    site.deliver(HEADER + "1,2026-03-02,5\n")

    assert site.ingest() == "2026-03-02: 1 rows of rides"
    assert site.record().version == 1


def test_own_code_answers_for_a_dataset(site: Site) -> None:
    assert site.ingest(CODE) == "2026-03-02: 1 rows of notes"
    written = site.text("rides/incoming/notes/2026-03-02.csv")
    assert written == "text\nnote of 2026-03-02 for notes\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", r"source.py must have fetch\(dataset, day\) -> bytes"),
        ("def fetch(dataset, day):\n    return 'x'\n", "must return bytes, got str"),
    ],
)
def test_code_that_does_not_answer_is_named(site: Site, code: str, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        site.ingest(CODE, code=code)
    assert RECORD not in site.bucket.objects


class Queries:
    """Athena, which answers with what a test says, after a while."""

    def __init__(self, bucket: Bucket, states: Iterator[dict[str, str]], answer: str) -> None:
        self._states = states
        self.asked: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        bucket.objects["results/1.csv"] = answer.encode()

    def start_query_execution(self, **asked: Any) -> dict[str, str]:
        self.asked.append(asked)
        return {"QueryExecutionId": "q1"}

    def get_query_execution(self, *, QueryExecutionId: str) -> dict[str, Any]:
        return {
            "QueryExecution": {
                "Status": next(self._states),
                "ResultConfiguration": {"OutputLocation": "s3://data/results/1.csv"},
            }
        }

    def stop_query_execution(self, *, QueryExecutionId: str) -> None:
        self.stopped.append(QueryExecutionId)


def test_a_query_s_rows_are_read_as_athena_writes_them(site: Site) -> None:
    answer = '"id","day","rides"\n"1","2026-03-02","5"\n'
    site.athena = Queries(site.bucket, iter([{"State": "SUCCEEDED"}]), answer)

    assert site.ingest(QUERY) == "2026-03-02: 1 rows of rides"

    assert site.text(f"{INCOMING}2026-03-02.csv") == HEADER + "1,2026-03-02,5\n"
    [asked] = site.athena.asked
    assert asked["QueryString"] == "SELECT * FROM rides WHERE day = '2026-03-02'"
    assert asked["QueryExecutionContext"] == {"Database": "city"}
    results = asked["ResultConfiguration"]["OutputLocation"]
    assert results == "s3://data/_passing/rides/queries/2026-03-02/"


def test_a_query_without_rows_waits(site: Site) -> None:
    site.athena = Queries(site.bucket, iter([{"State": "SUCCEEDED"}]), '"id","day","rides"\n')
    assert site.ingest(QUERY).endswith("waiting for a source")


def pauses_of(site: Site, states: list[dict[str, str]]) -> list[float]:
    pauses: list[float] = []
    queries = Queries(site.bucket, iter(states), "x\n")
    athena = Athena(queries, site.bucket, pause=pauses.append, asked=3)
    athena.rows("SELECT 1", database="d", results="s3://data/r/")
    return pauses


def test_a_query_is_asked_after_until_it_is_answered(site: Site) -> None:
    states = [{"State": "QUEUED"}, {"State": "RUNNING"}, {"State": "SUCCEEDED"}]
    assert pauses_of(site, states) == [2, 2]


def test_a_query_that_fails_or_hangs_is_refused_with_its_reason(site: Site) -> None:
    failed = {"State": "FAILED", "StateChangeReason": "SYNTAX_ERROR: line 1"}
    with pytest.raises(Refusal, match=r"q1 failed: SYNTAX_ERROR: line 1 \(SELECT 1\)"):
        pauses_of(site, [failed])
    queries = Queries(site.bucket, iter([{"State": "RUNNING"}] * 9), "x\n")
    with pytest.raises(Refusal, match="q1 is not answered after 6 s"):
        Athena(queries, site.bucket, pause=lambda _: None, asked=3).rows(
            "SELECT 1", database="d", results="s3://data/r/"
        )
    assert queries.stopped == ["q1"]


def test_a_job_that_dies_before_the_record_is_done_again_to_the_same_end(site: Site) -> None:
    site.deliver(HEADER + "1,2026-03-02,5\n2,2026-03-01,4\n")
    site.ingest()
    whole = dict(site.bucket.objects)
    made = [key for key in whole if key.startswith(("rides/incoming", "rides/ingested"))]
    for kept in range(len(made)):
        raw = {key: value for key, value in whole.items() if "/raw/" in key}
        site.bucket.objects = {**raw, **{key: whole[key] for key in made[:kept] if key != RECORD}}
        site.ingest()
        assert site.bucket.objects == whole


def test_a_stale_part_of_an_attempt_without_a_record_is_taken_away(site: Site) -> None:
    stale = "rides/ingested/parts/rides/2026-02-27/2026-03-02.csv"
    site.bucket.objects[stale] = (HEADER + "9,2026-02-27,4\n").encode()
    site.bucket.objects[f"{INCOMING}2026-02-27.csv"] = site.bucket.objects[stale]
    site.deliver(HEADER + "1,2026-03-02,5\n")

    site.ingest()

    assert stale not in site.bucket.objects
    assert f"{INCOMING}2026-02-27.csv" not in site.bucket.objects


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"day": "2026-02-30"}, "PERENNIAL_DAY must be a date such as 2012-03-01"),
        ({"card": CARD.replace("[ingestion]", ""), "sources": ""}, r"has no \[ingestion\]"),
    ],
)
def test_a_job_that_cannot_begin_says_why(
    site: Site, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(Refusal, match=message):
        site.ingest(**changes)
