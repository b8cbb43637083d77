"""A timeline shows a model's features nothing of what came after, whatever it is about."""

import copy
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from job_folders import CHURN

from contracts import card as cards
from contracts.card import ModelCard, load
from ml.data import kept
from ml.refusal import Refusal
from ml.tables import read
from ml.training.rows import LabelledRows, Timeline

DAYS = pd.date_range("2020-01-01", "2020-04-30")
AS_OF = datetime(2020, 4, 1, tzinfo=UTC)


def card(**evaluation: int) -> ModelCard:
    document = copy.deepcopy(tomllib.loads((CHURN / "card.toml").read_text()))
    document["model"] |= {"task": "regression", "label": "sold", "label_window_days": 28}
    document["features"] = [{"name": "before"}, {"name": "latest"}]
    document["evaluation"] = {"min_holdout_rows": 1, **evaluation}
    document["gate"] = {"ceiling": 1, "min_gain": 0}
    return cards.parse(document)


def sales(days: pd.DatetimeIndex = DAYS) -> dict[str, pd.DataFrame]:
    number = np.arange(len(days), dtype=float)
    return {"sales": pd.DataFrame({"date": days, "shop": 7, "sold": number})}


class Asked:
    """Features of made-up sales by (shop, day) that keep what they were shown."""

    EVENTS: Mapping[str, str] = {"sales": "date"}

    def __init__(self) -> None:
        self.shown: list[Mapping[str, pd.DataFrame]] = []
        self.asked: list[pd.Index] = []
        self.newest: pd.Timestamp | None = None

    def snapshots(self, tables: Mapping[str, pd.DataFrame]) -> list[date]:
        months = tables["sales"]["date"].dt.to_period("M").unique()
        return [month.start_time.date() for month in months][1:]

    def outcomes(self, tables: Mapping[str, pd.DataFrame], day: date) -> pd.Series:
        self.newest = tables["sales"]["date"].max()
        start = pd.Timestamp(day)
        within = tables["sales"]["date"].between(start, start + pd.Timedelta(days=27))
        return tables["sales"][within].set_index(["shop", "date"])["sold"]

    def prepare(
        self, tables: Mapping[str, pd.DataFrame], day: date, asked: pd.Index
    ) -> pd.DataFrame:
        self.shown.append(tables)
        self.asked.append(asked)
        known = tables["sales"]["sold"]
        return pd.DataFrame({"latest": known.max(), "before": len(known)}, index=asked)


def timeline(
    tables: dict[str, pd.DataFrame], features: Any, as_of: datetime = AS_OF, **evaluation: int
) -> Timeline:
    return Timeline(tables, cast("ModuleType", features), card(**evaluation), as_of)


def test_features_see_events_before_the_snapshot_and_no_other_table() -> None:
    features = Asked()
    rows = timeline({**sales(), "answers": sales()["sales"]}, features).rows(date(2020, 3, 1))
    (shown,) = features.shown
    assert set(shown) == {"sales"}
    assert shown["sales"]["date"].max() == pd.Timestamp("2020-02-29")
    assert rows.features["latest"].unique().tolist() == [59.0]


def test_features_are_asked_for_the_entities_whose_outcome_is_known() -> None:
    features = Asked()
    rows = timeline(sales(), features).rows(date(2020, 3, 1))
    assert features.asked[0].tolist() == [
        (7, day) for day in pd.date_range("2020-03-01", periods=28)
    ]
    assert rows.features.index.equals(features.asked[0])
    assert rows.labels.tolist() == [float(number) for number in range(60, 88)]


def test_whatever_happens_after_a_snapshot_its_features_stay_the_same() -> None:
    """A planted leak: other sales from the snapshot on change labels and nothing else."""
    planted = sales()
    later = planted["sales"]["date"] >= pd.Timestamp("2020-03-01")
    planted["sales"].loc[later, "sold"] *= 1000
    honest = timeline(sales(), Asked()).rows(date(2020, 3, 1))
    leaked = timeline(planted, Asked()).rows(date(2020, 3, 1))
    pd.testing.assert_frame_equal(honest.features, leaked.features)
    assert honest.labels.tolist() != leaked.labels.tolist()


def test_rows_from_after_the_day_asked_about_are_not_there() -> None:
    """A run as of a past date gets today's data, and must learn what was known then."""
    features = Asked()
    _ = timeline(sales(), features).holdout
    assert features.newest == pd.Timestamp("2020-04-01")
    then = timeline(sales(pd.date_range("2020-01-01", "2020-04-01")), Asked())
    assert timeline(sales(), Asked()).holdout.sha256 == then.holdout.sha256


def test_a_snapshot_counts_once_its_window_has_closed() -> None:
    before = datetime(2020, 3, 28, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(Refusal, match=r"28 days ended by 2020-03-28, got 1 of 2 labelled"):
        timeline(sales(), Asked(), before)
    after = timeline(sales(), Asked(), datetime(2020, 3, 29, tzinfo=UTC))
    assert after.holdout.snapshot_date == date(2020, 3, 1)
    with pytest.raises(Refusal, match="the labels of 2020-04-01 were not known yet"):
        after.rows(date(2020, 4, 1))


def test_training_takes_the_newest_snapshots_before_the_hold_out() -> None:
    months = timeline(sales(), Asked(), datetime(2020, 4, 30, tzinfo=UTC))

    def dates(snapshots: int | None, before: date | None = None) -> list[str]:
        return [str(rows.snapshot_date) for rows in months.training(snapshots, before=before)]

    assert dates(1) == ["2020-03-01"]
    assert dates(5) == dates(None) == ["2020-02-01", "2020-03-01"]
    assert dates(None, date(2020, 3, 1)) == ["2020-02-01"]


def test_a_number_that_is_missing_from_a_feature_is_refused_by_name() -> None:
    class Missing(Asked):
        def prepare(
            self, tables: Mapping[str, pd.DataFrame], day: date, asked: pd.Index
        ) -> pd.DataFrame:
            return super().prepare(tables, day, asked).assign(latest=np.nan)

    with pytest.raises(Refusal, match=r"2020-03-01: feature 'latest' of .*2020-03-01.* is nan"):
        timeline(sales(), Missing()).rows(date(2020, 3, 1))


def test_classes_are_asked_for_only_where_there_are_classes() -> None:
    assert len(timeline(sales(), Asked(), min_class_rows=1000).holdout.labels) == 28
    with pytest.raises(Refusal, match="hold-out of 2020-03-01 has 28 rows, evaluation needs 29"):
        _ = timeline(sales(), Asked(), min_holdout_rows=29).holdout


def rows_of(index: pd.Index, *labels: float) -> LabelledRows:
    features = pd.DataFrame({"a": np.arange(len(index), dtype=float)}, index=index)
    return LabelledRows(snapshot_date=date(2020, 3, 1), features=features, labels=np.array(labels))


@pytest.mark.parametrize(
    ("index", "other"),
    [
        (pd.Index([1, 2]), pd.Index([1, 3])),
        (pd.Index(["a", "b"]), pd.Index(["a", "c"])),
        (pd.date_range("2020-01-01", periods=2, freq="h"), pd.date_range("2020-01-01", periods=2)),
        (pd.MultiIndex.from_tuples([(1, 2), (3, 4)]), pd.MultiIndex.from_tuples([(1, 2), (3, 5)])),
    ],
)
def test_the_digest_of_rows_is_of_entities_features_and_labels(
    index: pd.Index, other: pd.Index
) -> None:
    assert rows_of(index, 1.5, 2.5).sha256 == rows_of(index.copy(), 1.5, 2.5).sha256
    assert rows_of(index, 1.5, 2.5).sha256 != rows_of(other, 1.5, 2.5).sha256
    assert rows_of(index, 1.5, 2.5).sha256 != rows_of(index, 1.5, 2.25).sha256


def test_rows_that_validation_set_aside_are_left_out() -> None:
    dataset = load(CHURN / "card.toml").datasets[0]
    good = b"customer_id,date,quantity,amount\n1,1997-05-02,1,9.5\n2,1997-05-03,2,19\n"
    broken = read(good + b",1997-05-03,x,19\n3,1997-05-04,1,5\n", dataset).frame
    kept_rows = kept(broken, dataset, (3, 4))
    pd.testing.assert_frame_equal(kept_rows, read(good, dataset).frame)
    assert kept(kept_rows, dataset, ()) is kept_rows
