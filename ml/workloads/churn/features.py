"""What is known about each customer at a snapshot date, for training and requests alike."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from ml.labels import labels_in

EVENTS = {"purchases": "date"}
"""Datasets of events, and the column that says when each happened."""
ENTITY = "customer_id"

snapshots, outcomes = labels_in("labels", entity=ENTITY, at="snapshot_date", label="churned")


def prepare(
    tables: Mapping[str, pd.DataFrame], snapshot_date: date, asked: pd.Index
) -> pd.DataFrame:
    """Return a row of features for each of the ``asked`` customers who bought before.

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
    features = pd.DataFrame(
        {
            "recency_days": (snapshot - dates["max"]).dt.days,
            "tenure_days": (snapshot - dates["min"]).dt.days,
        }
    )
    for days in (30, 90):
        recent = purchases[purchases["date"] >= snapshot - pd.Timedelta(days=days)]
        of_customer = recent.groupby(ENTITY)
        counts = of_customer.size().reindex(features.index, fill_value=0)
        amounts = of_customer["amount"].sum().reindex(features.index, fill_value=0.0)
        features[f"purchases_{days}d"] = counts
        features[f"spend_{days}d"] = amounts.round(2)
    features["spend"] = by_customer["amount"].sum().round(2)
    return features.loc[features.index.intersection(asked)]
