"""Which pairs of a user and an item were rated after a moment, for training and requests alike."""

from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

EVENTS = {"ratings": "date"}
"""Datasets of events, and the column that says when each happened."""
PAIR = ["user_id", "item_id"]
WINDOW_DAYS = 28
"""As the card's label_window_days: every month is over by then, and no two windows meet."""


def snapshots(tables: Mapping[str, pd.DataFrame]) -> list[date]:
    """Return the first of each month whose four weeks the ratings reach across."""
    dates = tables["ratings"]["date"]
    if not len(dates):
        return []
    last_start = dates.max() - timedelta(days=WINDOW_DAYS - 1)
    starts = pd.date_range(dates.min(), last_start, freq="MS", normalize=True)
    return [start.date() for start in starts]


def outcomes(tables: Mapping[str, pd.DataFrame], snapshot_date: date) -> pd.Series:
    """Return the rating of each pair in the four weeks from ``snapshot_date`` on.

    Who rated an item twice has changed their mind: the last one counts.
    """
    ratings = tables["ratings"]
    start = pd.Timestamp(snapshot_date)
    within = (ratings["date"] >= start) & (ratings["date"] < start + timedelta(days=WINDOW_DAYS))
    in_order = ratings[within].sort_values("date", kind="stable")
    return in_order.drop_duplicates(PAIR, keep="last").set_index(PAIR)["rating"]


def prepare(
    tables: Mapping[str, pd.DataFrame],  # noqa: ARG001
    snapshot_date: date,  # noqa: ARG001
    asked: pd.Index,
) -> pd.DataFrame:
    """Return the two numbers of each ``asked`` pair, which are all that the model is told.

    A user or an item without a rating before is asked about, too: the model answers sensibly.
    """
    return pd.DataFrame(
        {name: asked.get_level_values(place) for place, name in enumerate(PAIR)}, index=asked
    )
