"""Churn's history and features say what was known when."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from ml.workloads.churn import history

RAW = """customer_id  date number_of_cds  dollar_value
 00001 19970105  1   10.10
 00001 19970125  2   20.20
 00002 19970131  1    5.00
 00001 19970201  1    1.00
 00003 19970210  1    7.00
 00001 19970401  1    2.00
 00002 19970402  1    3.00
 00002 19970630  1    3.00
"""


@pytest.fixture
def split(tmp_path: Path) -> Path:
    (tmp_path / "raw.txt").write_text(RAW.replace("\n", "\r\n"))
    history.write(tmp_path / "raw.txt", tmp_path)
    return tmp_path


def test_each_month_has_its_own_purchases(split: Path) -> None:
    landing = split / "landing"
    assert (landing / "1997-02-01" / "purchases" / "1997-01.csv").read_text() == (
        "customer_id,date,quantity,amount\n"
        "1,1997-01-05,1,10.1\n1,1997-01-25,2,20.2\n2,1997-01-31,1,5.0\n"
    )
    assert sorted(f"{path.relative_to(landing)}" for path in landing.glob("*/purchases/*")) == [
        "1997-02-01/purchases/1997-01.csv",
        "1997-03-01/purchases/1997-02.csv",
        "1997-05-01/purchases/1997-04.csv",
        "1997-07-01/purchases/1997-06.csv",
    ]


def test_a_label_counts_the_snapshot_day_and_not_the_day_after_the_window(split: Path) -> None:
    """Customer 1 buys on the snapshot's day; customer 2 on the 61st: too late."""
    assert (split / "landing" / "1997-04-02" / "labels" / "1997-02-01.csv").read_text() == (
        "customer_id,snapshot_date,churned\n1,1997-02-01,0\n2,1997-02-01,1\n"
    )
    assert (split / "truth" / "1997-02-01.csv").read_text() == "entity,label\n1,0\n2,1\n"


def test_snapshots_whose_window_outlasts_the_data_have_no_labels(split: Path) -> None:
    names = sorted(path.name for path in split.glob("landing/*/labels/*"))
    assert names == ["1997-02-01.csv", "1997-03-01.csv", "1997-04-01.csv", "1997-05-01.csv"]
    assert (split / "requests" / "1997-06-01.csv").is_file()


def test_requests_hold_the_cards_features_of_what_lay_before(split: Path) -> None:
    requests = pd.read_csv(split / "requests" / "1997-03-01.csv").set_index("entity")
    assert requests.loc[1].to_dict() == {
        "recency_days": 28,
        "tenure_days": 55,
        "purchases_30d": 1,
        "spend_30d": 1,
        "purchases_90d": 3,
        "spend_90d": 31.3,
        "spend": 31.3,
    }
    assert list(requests.index) == [1, 2, 3]
    assert date(1997, 2, 1) == history.snapshots(history.read(split / "raw.txt"))[0]
