"""What is known about each id at a snapshot date."""

import pandas as pd

from ml.labels import labels_in

EVENTS = {"events": "date"}
snapshots, outcomes = labels_in("labels", entity="id", at="snapshot_date", label="label")


def prepare(tables, snapshot_date, asked):
    day, events = pd.Timestamp(snapshot_date), tables["events"]
    recent = events[events["date"] >= day - pd.Timedelta(days=90)].groupby("id")["amount"]
    last = events.groupby("id")["date"].max().reindex(asked)
    return pd.DataFrame(
        {
            "days_since": (day - last).dt.days.fillna(3650),
            "amount_90d": recent.sum().reindex(asked, fill_value=0.0).round(2),
        }
    )
