"""Which rows a run may learn from: the one place that enforces what was known by ``as_of``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from types import ModuleType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.card import ModelCard, Task
from ml.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRows:
    """Features and labels of one snapshot date, sorted by entity."""

    snapshot_date: date
    features: pd.DataFrame
    """Indexed by entity: a number, a text, an hour, a pair of them."""
    labels: NDArray[np.float64]

    @property
    def positives(self) -> int:
        """Of a classifier's labels."""
        return int((self.labels == 1).sum())

    @property
    def sha256(self) -> str:
        """The same for the same entities, features and labels."""
        digest = sha256(f"{self.snapshot_date} {list(self.features.columns)}".encode())
        # As text, which is the same for every kind of entity and every pandas.
        entities = self.features.index.to_frame(index=False)
        digest.update(entities.to_csv(index=False, header=False, lineterminator="\n").encode())
        digest.update(self.features.to_numpy(np.float64).tobytes())
        digest.update(self.labels.tobytes())
        return digest.hexdigest()


class Timeline:
    """The snapshots whose label windows had closed by ``as_of``, oldest first.

    A model's features.py answers three questions about its tables: ``snapshots`` (of which moments
    are outcomes in the data), ``outcomes`` (the label of each entity) and ``prepare`` (what was
    known about the entities before). What each of them gets to see is decided here.
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        features: ModuleType,
        card: ModelCard,
        as_of: datetime,
    ) -> None:
        self._module = features
        self._card = card
        self._made: dict[date, LabelledRows] = {}
        self._tables = {**tables, **_events(tables, features.EVENTS, _end_of_day(as_of))}
        window = timedelta(days=card.label_window_days)
        claimed = sorted(set(features.snapshots(self._tables)))
        self.dates = [day for day in claimed if window_closed(day, window, as_of)]
        if len(self.dates) < 2:
            raise Refusal(
                f"training needs two labelled snapshots whose {card.label_window_days} days ended "
                f"by {as_of:%Y-%m-%d}, got {len(self.dates)} of {len(claimed)} labelled"
            )

    @property
    def holdout(self) -> LabelledRows:
        """The newest labelled snapshot: out of time for a model trained on those before it."""
        return self.held_out(self.dates[-1])

    def held_out(self, day: date) -> LabelledRows:
        """Return the rows of ``day``, enough of them to judge a model by."""
        rows, needs = self.rows(day), self._card.evaluation.min_holdout_rows
        if len(rows.labels) < needs:
            raise Refusal(
                f"the hold-out of {day} has {len(rows.labels)} rows, evaluation needs {needs}"
            )
        self._two_classes(rows)
        return rows

    def training(self, snapshots: int | None, *, before: date | None = None) -> list[LabelledRows]:
        """Return the ``snapshots`` newest ones before the hold-out (or ``before``), oldest first.

        As many as there are; None asks for all of them.
        """
        end = self.dates[-1] if before is None else before
        earlier = [day for day in self.dates if day < end]
        parts = [self.rows(day) for day in earlier[-(snapshots or len(earlier)) :]]
        for rows in parts:
            self._two_classes(rows)
        return parts

    def rows(self, day: date) -> LabelledRows:
        """Return the rows of one snapshot, with features from before it alone."""
        if day not in self.dates:
            raise Refusal(f"the labels of {day} were not known yet")
        if day not in self._made:
            self._made[day] = self._rows(day)
        return self._made[day]

    def _rows(self, day: date) -> LabelledRows:
        labels = self._module.outcomes(self._tables, day)
        # A file cannot label a row twice (validation), but a later file may correct an earlier.
        labels = labels[~labels.index.duplicated(keep="last")].sort_index()
        known = _events(self._tables, self._module.EVENTS, pd.Timestamp(day))
        features = self._module.prepare(known, day, labels.index)
        features = features[[f.name for f in self._card.features]].astype(np.float64)
        # Entities of which nothing was known are left out by ``prepare``.
        asked = labels.index.intersection(features.index).sort_values()
        features = features.loc[asked]
        _refuse_missing(features, day)
        return LabelledRows(
            snapshot_date=day, features=features, labels=labels.loc[asked].to_numpy(np.float64)
        )

    def _two_classes(self, rows: LabelledRows) -> None:
        if self._card.task is not Task.BINARY_CLASSIFICATION:
            return
        least, negatives = self._card.evaluation.min_class_rows, int((rows.labels == 0).sum())
        if min(rows.positives, negatives) < least:
            raise Refusal(
                f"snapshot {rows.snapshot_date} has {rows.positives} rows with "
                f"{self._card.label} = 1 and {negatives} with 0; each class needs {least}"
            )


def window_closed(day: date, window: timedelta, as_of: datetime) -> bool:
    """Say whether all of ``[day, day + window)`` lay in the past at ``as_of``."""
    start = datetime(day.year, day.month, day.day, tzinfo=as_of.tzinfo)
    return start + window <= as_of


def _events(
    tables: Mapping[str, pd.DataFrame], events: Mapping[str, str], before: pd.Timestamp
) -> dict[str, pd.DataFrame]:
    """Return each dataset of events, cut at ``before``; other datasets are not in it."""
    return {name: tables[name][tables[name][column] < before] for name, column in events.items()}


def _end_of_day(as_of: datetime) -> pd.Timestamp:
    """Rows have dates, not times: those of the day itself may have been known."""
    return pd.Timestamp(as_of.date()) + pd.Timedelta(days=1)


def _refuse_missing(features: pd.DataFrame, day: date) -> None:
    wrong = ~np.isfinite(features.to_numpy(np.float64))
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        raise Refusal(
            f"snapshot {day}: feature {features.columns[place]!r} of {features.index[row]!r} is "
            f"{features.iat[row, place]}, must be a finite number"
        )
