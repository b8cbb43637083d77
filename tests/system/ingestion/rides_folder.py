"""A model that fetches its data from all three kinds of source; it is never trained."""

from pathlib import Path

MODEL = "rides"
BEFORE = "2026-03-10"
"""What the model's own code cannot fetch."""

_CARD = """
[model]
name = "rides"
task = "regression"
description = "How many rides tomorrow?"
owner = "city"
label = "rides"
label_window_days = 1

[[datasets]]
name = "rides"
unique = ["station"]
time = "day"
columns = [
    { name = "station", type = "integer", min = 1 },
    { name = "day", type = "date" },
    { name = "rides", type = "integer", min = 0 },
]

[[datasets]]
name = "weather"
time = "day"
columns = [
    { name = "day", type = "date" },
    { name = "degrees", type = "number", nullable = true },
]

[[datasets]]
name = "holidays"
columns = [{ name = "day", type = "date" }, { name = "name", type = "text" }]

[[features]]
name = "x"

[ingestion]
schedule = "cron(0 6 * * ? *)"
catch_up_days = 3

[[ingestion.sources]]
dataset = "rides"
kind = "prefix"
prefix = "stations/{day}/"

[[ingestion.sources]]
dataset = "weather"
kind = "query"
query = "SELECT day, degrees FROM city.weather WHERE day = DATE '{day}'"
database = "city"
reads = ["s3://lake/weather/"]

[[ingestion.sources]]
dataset = "holidays"
kind = "code"

[validation]
max_bad_row_share = 0.5

[gate]
ceiling = 1.0

[triggers]
schedule = "rate(3650 days)"
on_new_data = false

[drift]
schedule = "rate(3650 days)"
"""
_SOURCE = f"""
from datetime import date

def fetch(dataset: str, day: date) -> bytes:
    if str(day) >= "{BEFORE}":
        raise RuntimeError("the calendar is not published yet")
    return f"day,name\\n{{day}},none\\n".encode()
"""


def lay_out(models: Path) -> None:
    folder = models / MODEL
    folder.mkdir(parents=True)
    (folder / "card.toml").write_text(_CARD)
    (folder / "source.py").write_text(_SOURCE)
