"""Read ratings in the formats of MovieLens, from a file that the user has.

MovieLens' licence forbids redistribution: https://grouplens.org/datasets/movielens/ has the files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

NAMES = ["user_id", "item_id", "rating", "timestamp"]
LARGEST_NUMBER = 2**24
"""Of a user or an item: requests are float32, which holds no larger whole number."""
LOWEST, HIGHEST = 0.5, 5.0


def read(path: Path) -> pd.DataFrame:
    """Return user_id, item_id, rating and date (of UTC) of the file's rows, oldest first.

    Known are ``ratings.csv`` (20M and later: a header and commas), ``ratings.dat`` (1M and 10M:
    ``::`` between fields) and ``u.data`` (100K: tabs), told apart by their first line.
    """
    with path.open(encoding="utf-8") as file:
        first = file.readline().strip()
    try:
        rows = pd.read_csv(path, **_format(path, first))
    except ValueError as error:
        raise ValueError(f"{path.name} is not MovieLens' format throughout: {error}") from error
    rows.columns = pd.Index(NAMES)
    _refuse_strange(path, rows)
    moments = pd.to_datetime(rows["timestamp"], unit="s")
    ratings = rows.assign(rating=rows["rating"].astype(float), date=moments.dt.normalize())
    in_order = ratings.iloc[moments.argsort(kind="stable")]
    return in_order.drop(columns="timestamp").reset_index(drop=True)


def _format(path: Path, first: str) -> Mapping[str, Any]:
    types = {"user_id": "int64", "item_id": "int64", "rating": "float64", "timestamp": "int64"}
    plain = {"header": None, "names": NAMES, "dtype": types}
    if first == "userId,movieId,rating,timestamp":
        return {**plain, "header": 0}
    if first.count("::") == 3:
        # One colon between fields, every second of them empty: many times as fast as two.
        wide = ["user_id", "_1", "item_id", "_2", "rating", "_3", "timestamp"]
        return {**plain, "sep": ":", "names": wide, "usecols": NAMES}
    if first.count("\t") == 3:
        return {**plain, "sep": "\t"}
    raise ValueError(
        f"{path.name} must begin with 'userId,movieId,rating,timestamp' or have four fields "
        f"between '::' or tabs, got {first[:80]!r}"
    )


def _refuse_strange(path: Path, rows: pd.DataFrame) -> None:
    for name, low, high in (
        ("user_id", 1, LARGEST_NUMBER),
        ("item_id", 1, LARGEST_NUMBER),
        ("rating", LOWEST, HIGHEST),
    ):
        wrong = ~rows[name].between(low, high)
        if wrong.any():
            value = rows.loc[wrong, name].iloc[0]
            raise ValueError(
                f"{path.name}: {name} must be between {low:.12g} and {high:.12g}, got {value:.12g}"
            )
