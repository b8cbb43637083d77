"""Which rows a run may learn from: the one place that enforces what was known by ``as_of``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from types import ModuleType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.card import ModelCard
from ml.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRows:
    """Features and labels of one snapshot date, sorted by entity."""

    snapshot_date: date
    features: pd.DataFrame
    labels: NDArray[np.int64]

    @property
    def positives(self) -> int:
        return int(self.labels.sum())

    @property
    def sha256(self) -> str:
        """The same for the same entities, features and labels."""
        digest = sha256(f"{self.snapshot_date} {list(self.features.columns)}".encode())
        digest.update(self.features.index.to_numpy(np.int64).tobytes())
        digest.update(self.features.to_numpy(np.float64).tobytes())
        digest.update(self.labels.astype(np.int8).tobytes())
        return digest.hexdigest()


class Timeline:
    """The labelled snapshots whose windows had closed by ``as_of``, oldest first."""

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        features: ModuleType,
        card: ModelCard,
        as_of: datetime,
    ) -> None:
        self._tables = tables
        self._module = features
        self._card = card
        table, column = features.LABELS
        self._labels = tables[table]
        self._when = column
        window = timedelta(days=card.label_window_days)
        claimed = [moment.date() for moment in sorted(self._labels[column].unique())]
        self.dates = [day for day in claimed if window_closed(day, window, as_of)]
        if len(self.dates) < 2:
            raise Refusal(
                f"training needs two labelled snapshots whose {card.label_window_days} days ended "
                f"by {as_of:%Y-%m-%d}, got {len(self.dates)} of {len(claimed)} labelled"
            )

    @property
    def holdout(self) -> LabelledRows:
        """The newest labelled snapshot: out of time for a model trained on those before it."""
        rows = self.rows(self.dates[-1])
        needs, negatives = self._card.evaluation, len(rows.labels) - rows.positives
        if len(rows.labels) < needs.min_holdout_rows:
            raise Refusal(
                f"the hold-out of {rows.snapshot_date} has {len(rows.labels)} rows, "
                f"evaluation needs {needs.min_holdout_rows}"
            )
        self._two_classes(rows, negatives)
        return rows

    def training(self, snapshots: int) -> list[LabelledRows]:
        """Return the ``snapshots`` newest ones before the hold-out, as many as there are."""
        parts = [self.rows(day) for day in self.dates[:-1][-snapshots:]]
        for rows in parts:
            self._two_classes(rows, len(rows.labels) - rows.positives)
        return parts

    def rows(self, day: date) -> LabelledRows:
        """Return the rows of one snapshot, with features from before it alone."""
        if day not in self.dates:
            raise Refusal(f"the labels of {day} were not known yet")
        start = pd.Timestamp(day)
        known = {
            name: self._tables[name][self._tables[name][column] < start]
            for name, column in self._module.EVENTS.items()
        }
        features = self._module.prepare(known, day)[[f.name for f in self._card.features]]
        entity, label = self._module.ENTITY, self._card.label
        labels = self._labels[self._labels[self._when] == start].set_index(entity)[label]
        # A file cannot label a row twice (validation), but a later file may correct an earlier.
        labels = labels[~labels.index.duplicated(keep="last")]
        both = features.index.intersection(labels.index).sort_values()
        return LabelledRows(
            snapshot_date=day,
            features=features.loc[both].astype(np.float64),
            labels=labels.loc[both].to_numpy(np.int64),
        )

    def _two_classes(self, rows: LabelledRows, negatives: int) -> None:
        least = self._card.evaluation.min_class_rows
        if min(rows.positives, negatives) < least:
            raise Refusal(
                f"snapshot {rows.snapshot_date} has {rows.positives} rows with "
                f"{self._card.label} = 1 and {negatives} with 0; each class needs {least}"
            )


def window_closed(day: date, window: timedelta, as_of: datetime) -> bool:
    """Say whether all of ``[day, day + window)`` lay in the past at ``as_of``."""
    start = datetime(day.year, day.month, day.day, tzinfo=as_of.tzinfo)
    return start + window <= as_of
