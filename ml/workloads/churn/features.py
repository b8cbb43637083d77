"""What is known about each customer at a snapshot date; the same code serves training and requests."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

EVENTS = {"purchases": "date"}
"""Datasets of events, and the column that says when each happened."""
LABELS = ("labels", "snapshot_date")
"""The dataset of labels, and the column that says which snapshot each belongs to."""
ENTITY = "customer_id"


def prepare(tables: Mapping[str, pd.DataFrame], snapshot_date: date) -> pd.DataFrame:
    """Return one row of features per customer who has bought before ``snapshot_date``.

    Purchases on or after ``snapshot_date`` are refused, not dropped: whoever passes them has not
    cut the data at the snapshot. Values are rounded as requests carry them, so that the text of a
    request and the training row are the same number.
    """
    purchases = tables["purchases"]
    snapshot = pd.Timestamp(snapshot_date)
    if len(purchases) and purchases["date"].max() >= snapshot:
        raise ValueError(
            f"purchases up to {purchases['date'].max():%Y-%m-%d} would leak into features "
            f"of {snapshot_date}"
        )
    by_customer = purchases.groupby(ENTITY, sort=True)
    dates = by_customer["date"].agg(["min", "max"])
    frequency = by_customer.size()
    spend = by_customer["amount"].sum().round(2)
    latest = purchases.sort_values("date", kind="stable").groupby(ENTITY, sort=True)["amount"]
    active_days = (dates["max"] - dates["min"]).dt.days
    return pd.DataFrame(
        {
            "recency_days": (snapshot - dates["max"]).dt.days,
            "tenure_days": (snapshot - dates["min"]).dt.days,
            "frequency": frequency,
            "quantity": by_customer["quantity"].sum(),
            "spend": spend,
            "mean_gap_days": (active_days / (frequency - 1).clip(lower=1)).round(3),
            "mean_amount": (spend / frequency).round(2),
            "last_amount": latest.last().round(2),
        }
    )
