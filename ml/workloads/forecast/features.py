"""What is known about each hour of the coming four weeks at a snapshot date."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

EVENTS = {"rentals": "date", "outlooks": "issued"}
"""Datasets of events, and the column that says when each became known: an outlook of the weather is
issued on the day before the snapshot that it is for."""
HORIZON = pd.Timedelta(days=28)
YEAR = pd.Timedelta(days=364)
"""52 weeks: the same day of the week."""
WEATHER = ["low_celsius", "high_celsius", "rain_mm"]


def snapshots(tables: Mapping[str, pd.DataFrame]) -> list[date]:
    """Return the moments with an outlook, whose four weeks are in the data."""
    after = tables["outlooks"]["issued"].drop_duplicates() + pd.Timedelta(days=1)
    whole = after + HORIZON <= tables["rentals"]["date"].max() + pd.Timedelta(days=1)
    return [moment.date() for moment in after[whole]]


def outcomes(tables: Mapping[str, pd.DataFrame], snapshot_date: date) -> pd.Series:
    """Return the rentals of each hour of the four weeks from ``snapshot_date`` on."""
    start = pd.Timestamp(snapshot_date)
    return _between(_hourly(tables["rentals"]), start, start + HORIZON)


def prepare(
    tables: Mapping[str, pd.DataFrame], snapshot_date: date, asked: pd.Index
) -> pd.DataFrame:
    """Return a row of features for each of the ``asked`` hours.

    However far ahead an hour lies, all of it is from before the snapshot: the level of the last
    four weeks, at that hour of the week and overall; the same of the coming four weeks a year ago;
    and by how much the last four weeks were above the same ones a year ago.
    """
    start = pd.Timestamp(snapshot_date)
    if len(tables["rentals"]) and tables["rentals"]["date"].max() >= start:
        raise ValueError(f"rentals from {snapshot_date} on would leak into its features")
    counts = _hourly(tables["rentals"])
    recent = _between(counts, start - HORIZON, start)
    recent_year_ago = _between(counts, start - HORIZON - YEAR, start - YEAR)
    coming_year_ago = _between(counts, start - YEAR, start - YEAR + HORIZON)
    hours = pd.DatetimeIndex(asked, name="entity")
    ahead = (hours.normalize() - start).days
    features = {
        "hour": hours.hour,
        "day_of_week": hours.day_of_week,
        "day_of_year": hours.day_of_year,
        "days_ahead": ahead,
        "recent_level": recent.mean(),
        "recent_hour": _at_hour_of_week(recent, hours),
        "year_ago_level": coming_year_ago.mean(),
        "year_ago_hour": _at_hour_of_week(coming_year_ago, hours),
        "growth": recent.mean() / recent_year_ago.mean(),
    }
    outlooks = tables["outlooks"]
    outlook = outlooks[outlooks["issued"] == start - pd.Timedelta(days=1)].set_index("days_ahead")
    weather = outlook[WEATHER].reindex(ahead).set_axis(hours)
    return pd.DataFrame(features, index=hours).join(weather).round(3)


def _hourly(rentals: pd.DataFrame) -> pd.Series:
    hours = rentals["date"] + pd.to_timedelta(rentals["hour"], unit="h")
    return pd.Series(
        rentals["rentals"].to_numpy(np.float64), index=pd.DatetimeIndex(hours, name="entity")
    )


def _between(counts: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    return counts[(counts.index >= start) & (counts.index < end)]


def _at_hour_of_week(counts: pd.Series, hours: pd.DatetimeIndex) -> np.ndarray:
    """Return the mean of ``counts`` at each one's hour of the week; nan where there is none."""
    mean = counts.groupby([counts.index.day_of_week, counts.index.hour]).mean()
    return mean.reindex(pd.MultiIndex.from_arrays([hours.day_of_week, hours.hour])).to_numpy()
