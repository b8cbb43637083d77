"""Split the CDNOW purchases into what a company would have seen, month by month.

``python -m ml.workloads.churn.history CDNOW_master.txt <folder>`` writes

- ``landing/1997-02-01/purchases/1997-01.csv``: the purchases of one month, which land when it is
  over;
- ``landing/1997-04-02/labels/1997-02-01.csv``: who of the customers known at that snapshot then
  bought nothing for 60 days, which lands when those are over;
- ``requests/1997-02-01.csv``: what the model is asked about the same customers at that date;
- ``truth/1997-02-01.csv``: what came of it.

The data are 69,659 purchases of the 23,570 customers who first bought in early 1997, in
``lifetimes/datasets`` of the Lifetimes 0.11.3 wheel (MIT).
"""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from ml.workloads.churn.features import prepare

LABEL_WINDOW_DAYS = 60
FIRST_SNAPSHOT = date(1997, 2, 1)


def read(path: Path) -> pd.DataFrame:
    """Read ``customer_id date quantity amount``, separated by blanks, under a header."""
    names = ["customer_id", "date", "quantity", "amount"]
    raw = pd.read_csv(path, sep=r"\s+", names=names, skiprows=1)
    return raw.assign(date=pd.to_datetime(raw["date"].astype(str), format="%Y%m%d"))


def months(purchases: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each month's name (``1997-01``) with its purchases, oldest first."""
    for period, month in purchases.groupby(purchases["date"].dt.to_period("M")):
        yield str(period), month


def snapshots(purchases: pd.DataFrame) -> list[date]:
    """Return the first of each month at which customers are known and months remain to come."""
    last = purchases["date"].max()
    starts = pd.date_range(FIRST_SNAPSHOT, last, freq="MS")
    return [start.date() for start in starts]


def requests(purchases: pd.DataFrame, snapshot: date) -> pd.DataFrame:
    """Return the features of all customers known at ``snapshot``."""
    known = purchases[purchases["date"] < pd.Timestamp(snapshot)]
    return prepare({"purchases": known}, snapshot, pd.Index(known["customer_id"].unique()))


def labels(purchases: pd.DataFrame, snapshot: date) -> pd.DataFrame | None:
    """Return who churned after ``snapshot``; None when the data end before its window does."""
    start = pd.Timestamp(snapshot)
    end = start + timedelta(days=LABEL_WINDOW_DAYS)
    if purchases["date"].max() < end - timedelta(days=1):
        return None
    dates = purchases["date"]
    known = sorted(purchases.loc[dates < start, "customer_id"].unique())
    returned = set(purchases.loc[(dates >= start) & (dates < end), "customer_id"])
    return pd.DataFrame(
        {
            "customer_id": known,
            "snapshot_date": snapshot.isoformat(),
            "churned": [int(customer not in returned) for customer in known],
        }
    )


def write(source: Path, folder: Path) -> None:
    """Write all files of ``source`` below ``folder``."""
    purchases = read(source)
    for name, month in months(purchases):
        over = (pd.Period(name, "M") + 1).start_time.date()
        _csv(month, folder / "landing" / f"{over}" / "purchases" / f"{name}.csv")
    for snapshot in snapshots(purchases):
        asked = requests(purchases, snapshot).rename_axis("entity").reset_index()
        _csv(asked, folder / "requests" / f"{snapshot}.csv")
        outcome = labels(purchases, snapshot)
        if outcome is not None:
            closed = snapshot + timedelta(days=LABEL_WINDOW_DAYS)
            _csv(outcome, folder / "landing" / f"{closed}" / "labels" / f"{snapshot}.csv")
            truth = outcome.rename(columns={"customer_id": "entity", "churned": "label"})
            _csv(truth[["entity", "label"]], folder / "truth" / f"{snapshot}.csv")


def _csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m ml.workloads.churn.history <CDNOW_master.txt> <folder>")
    write(Path(sys.argv[1]), Path(sys.argv[2]))
