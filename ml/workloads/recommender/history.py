"""Split ratings into what a company would have seen, month by month.

``python -m ml.workloads.recommender.history <generated | path> <folder>`` writes

- ``landing/2022-02-01/ratings/2022-01.csv``: the ratings of one month, which land when it is over;
- ``requests/2022-02-01.csv``: the pairs that were rated in the four weeks from that day on;
- ``truth/2022-02-01.csv``: how.

``generated`` makes the ratings up (see generation.py); a path is read as one of MovieLens' formats.
"""

import sys
from pathlib import Path

import pandas as pd

from .features import PAIR, outcomes, prepare, snapshots
from .generation import World, generate
from .movielens import read

GENERATED = "generated"
COLUMNS = [*PAIR, "rating", "date"]


def write(source: str, folder: Path) -> None:
    """Write all files of ``source`` below ``folder``."""
    ratings = generate(World()) if source == GENERATED else read(Path(source))
    for period, month in ratings.groupby(ratings["date"].dt.to_period("M")):
        over = (period + 1).start_time.date()
        _csv(month[COLUMNS], folder / "landing" / f"{over}" / "ratings" / f"{period}.csv")
    tables = {"ratings": ratings}
    for snapshot in snapshots(tables):
        rated = outcomes(tables, snapshot).sort_index()
        entity = pd.Index([f"{user}:{item}" for user, item in rated.index], name="entity")
        asked = prepare(tables, snapshot, rated.index).set_axis(entity, axis=0)
        _csv(asked.reset_index(), folder / "requests" / f"{snapshot}.csv")
        truth = rated.set_axis(entity).rename("label").reset_index()
        _csv(truth, folder / "truth" / f"{snapshot}.csv")


def _csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m ml.workloads.recommender.history <generated | path> <folder>")
    write(sys.argv[1], Path(sys.argv[2]))
