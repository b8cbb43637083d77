"""Back-test by rolling origin: how training would have done at earlier hold-outs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml.evaluation.metrics import of_rows
from ml.training.learning import Learner
from ml.training.rows import Timeline
from ml.training.settings import training_snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One earlier hold-out, scored by a model trained on what lies before it alone."""

    snapshot_date: str
    rows: int
    metrics: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        return {
            "snapshot_date": self.snapshot_date,
            "rows": self.rows,
            "metrics": dict(self.metrics),
        }


def rolling_origins(
    timeline: Timeline, learner: Learner, hyperparameters: Mapping[str, str]
) -> list[Origin]:
    """Train again at as many earlier hold-outs as the card says and the data have, oldest first.

    Source: L. Tashman, Out-of-sample tests of forecasting accuracy, International Journal of
    Forecasting 16 (2000): the origin moves, and each time the model is estimated again.
    """
    wanted = learner.card.evaluation.rolling_origins
    # Before the oldest snapshot there is nothing to learn from, and the newest is the hold-out.
    days = timeline.dates[1:-1][-wanted:] if wanted else []
    found: list[Origin] = []
    for day in days:
        own = replace(learner, checkpoints=learner.checkpoints / f"origin-{day}")
        months = timeline.training(training_snapshots(hyperparameters), before=day)
        rows = timeline.held_out(day)
        _, scores = own.answers(own.learn(months, hyperparameters), rows)
        metrics = of_rows(learner.card.task, rows, scores)
        found.append(Origin(snapshot_date=f"{day}", rows=len(rows.labels), metrics=metrics))
        figures = " ".join(f"{name}={value:.4f}" for name, value in metrics.items())
        print(f"rolling origin: {day}, {len(rows.labels)} rows, {figures}", flush=True)
    return found
