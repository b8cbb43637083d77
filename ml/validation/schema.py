"""The pandera schema of each dataset, built from the card: types, nulls, bounds, keys, dates."""

from datetime import datetime, timedelta

import pandas as pd
import pandera.pandas as pa

from contracts.card import Column, ColumnType, Dataset, ModelCard

_TYPES = {
    ColumnType.INTEGER: "int64",
    ColumnType.NUMBER: "float64",
    ColumnType.DATE: "datetime64[s]",
    ColumnType.TEXT: "object",
}

LABEL_WINDOW_CLOSED = "label_window_closed"
NOT_IN_THE_FUTURE = "not_in_the_future"
UNIQUE = "unique"
ALLOWED = "allowed"


def are_labels(dataset: Dataset, card: ModelCard) -> bool:
    """Say whether its dates are of snapshots: what has a time of its own are events, known when
    they happen, also where one of them is the label."""
    return dataset.time is None and card.label in {column.name for column in dataset.columns}


class Schemas:
    """One strict schema per dataset of ``card``, as things were known at ``as_of``."""

    def __init__(self, card: ModelCard, as_of: datetime) -> None:
        self.card = card
        self.as_of = as_of
        self.datasets = {dataset.name: dataset for dataset in card.datasets}

    def of(self, dataset: Dataset, frame: pd.DataFrame) -> pa.DataFrameSchema:
        """Return the schema of a file, whose columns hold no value where a cell was bad."""
        return pa.DataFrameSchema(
            {
                column.name: self._column(dataset, column, str(frame[column.name].dtype))
                for column in dataset.columns
            },
            strict=True,
            ordered=True,
            unique=list(dataset.unique) or None,
            report_duplicates="exclude_first",
            checks=None,
        )

    def _column(self, dataset: Dataset, column: Column, found: str) -> pa.Column:
        # A whole-number column with a cell that is none of these is read as float64 with gaps;
        # that cell is reported on its own.
        gaps = column.type is ColumnType.INTEGER and found == "float64"
        return pa.Column(
            "float64" if gaps else _TYPES[column.type],
            self._checks(dataset, column),
            nullable=True,
        )

    def _checks(self, dataset: Dataset, column: Column) -> list[pa.Check]:
        checks: list[pa.Check] = []
        if column.minimum is not None:
            checks.append(pa.Check.ge(column.minimum, error=f"min {column.minimum:g}"))
        if column.maximum is not None:
            checks.append(pa.Check.le(column.maximum, error=f"max {column.maximum:g}"))
        if column.allowed:
            checks.append(pa.Check.isin(column.allowed, error=ALLOWED))
        if column.type is ColumnType.DATE:
            checks.append(pa.Check.lt(self._end(dataset), error=self._date_rule(dataset)))
        return checks

    def _date_rule(self, dataset: Dataset) -> str:
        return LABEL_WINDOW_CLOSED if are_labels(dataset, self.card) else NOT_IN_THE_FUTURE

    def _end(self, dataset: Dataset) -> pd.Timestamp:
        """Return the first day too late: a label's window must have closed by ``as_of``."""
        day = self.as_of.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        if are_labels(dataset, self.card):
            day -= timedelta(days=self.card.label_window_days)
        return pd.Timestamp(day) + pd.Timedelta(days=1)
