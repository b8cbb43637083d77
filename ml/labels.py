"""Labels that come as a dataset of their own: one row for each entity and snapshot date."""

from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd

Tables = Mapping[str, pd.DataFrame]


def labels_in(
    dataset: str, *, entity: str, at: str, label: str
) -> tuple[Callable[[Tables], list[date]], Callable[[Tables, date], pd.Series]]:
    """Return ``snapshots`` and ``outcomes`` of a model whose labels are rows of ``dataset``."""

    def snapshots(tables: Tables) -> list[date]:
        return [moment.date() for moment in tables[dataset][at].unique()]

    def outcomes(tables: Tables, snapshot_date: date) -> pd.Series:
        rows = tables[dataset]
        return rows[rows[at] == pd.Timestamp(snapshot_date)].set_index(entity)[label]

    return snapshots, outcomes
