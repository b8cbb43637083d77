"""How good the recommender is from month to month: retrained, never retrained, and at best.

``.perennial/env/torch/bin/python -m benchmarks.recommender [<MovieLens file>]`` prints a table, of
a file's newest months when one is given, whose best possible answers are unknown. As in the loop, a
month is answered by a model made on its first day, and the newest labelled month judged that one.
"""

import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contracts.card import ModelCard, load
from ml.evaluation.metrics import rmse
from ml.evaluation.ranking import ranking_metrics
from ml.training.fitted import Fitted
from ml.training.learning import Learner, float32
from ml.training.rows import LabelledRows, Timeline
from ml.training.settings import chosen, training_snapshots
from ml.workloads.recommender import features, model
from ml.workloads.recommender.generation import World, generate
from ml.workloads.recommender.movielens import read

MONTHS = 12
HEADER = (
    "| month | rows | unknown | mean | never retrained | retrained | … of known | best of known |"
    " best | ndcg@10 | recall@10 |"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The models of a year of ratings, each as of a day."""

    tables: dict[str, pd.DataFrame]
    card: ModelCard

    def timeline(self, day: date) -> Timeline:
        return Timeline(self.tables, features, self.card, datetime.combine(day, time(), UTC))

    def made(self, day: date) -> tuple[Fitted, list[LabelledRows]]:
        told = chosen(self.card, {})
        months = self.timeline(day).training(training_snapshots(told))
        with tempfile.TemporaryDirectory() as room, redirect_stdout(StringIO()):
            learner = Learner(model=model, card=self.card, checkpoints=Path(room))
            return learner.learn(months, told), months


def line(models: Models, month: date, frozen: Fitted, best: pd.Series | None) -> str:
    """Return the figures of one month as a row of the table."""
    end = (pd.Timestamp(month) + pd.DateOffset(months=1)).date()
    rows = models.timeline(end).holdout
    live, learned = models.made(month)
    asked, labels = float32(rows), rows.labels
    known = np.concatenate([float32(each) for each in learned])
    both = np.isin(asked[:, 0], known[:, 0]) & np.isin(asked[:, 1], known[:, 1])
    answers, users = live.predict(asked), asked[:, 0].astype(np.int64)
    ranked = ranking_metrics(users, labels, answers)
    ideal = None if best is None else best.loc[rows.features.index].to_numpy(np.float64)
    errors = [
        rmse(labels, np.full(len(labels), np.mean(np.concatenate([m.labels for m in learned])))),
        rmse(labels, frozen.predict(asked)),
        rmse(labels, answers),
        rmse(labels[both], answers[both]),
        _of(labels, ideal, both),
        _of(labels, ideal, np.ones(len(labels), dtype=bool)),
    ]
    figures = " | ".join(f"{each:.3f}" for each in [*errors, ranked["ndcg"], ranked["recall"]])
    return f"| {month:%Y-%m} | {len(labels)} | {1 - both.mean():.0%} | {figures} |"


def _of(
    labels: NDArray[np.float64], ideal: NDArray[np.float64] | None, rows: NDArray[np.bool_]
) -> float:
    return float("nan") if ideal is None else rmse(labels[rows], ideal[rows])


def main(source: str | None) -> None:
    ratings = generate(World()) if source is None else read(Path(source))
    models = Models(
        tables={"ratings": ratings}, card=load(Path(features.__file__).parent / "card.toml")
    )
    best = None
    if source is None:
        # Nobody rates an item in two months, and within one the same answer is best.
        best = ratings.drop_duplicates(features.PAIR).set_index(features.PAIR)["expected"]
    months = features.snapshots(models.tables)[-MONTHS:]
    frozen, _ = models.made(months[0])
    print(HEADER)
    print("| --- " * HEADER.count(" | ") + "| --- |")
    for month in months:
        print(line(models, month, frozen, best), flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
