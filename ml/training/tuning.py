"""Search hyperparameters within the card's ranges, on what comes before the hold-out alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from contracts.card import Tuning
from contracts.quality import HIGHER_IS_BETTER
from ml.evaluation.metrics import of_rows
from ml.training.learning import Learner
from ml.training.rows import LabelledRows, Timeline
from ml.training.settings import training_snapshots

if TYPE_CHECKING:
    from optuna.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    hyperparameters: Mapping[str, str]
    """Those that are searched."""
    value: float
    """The card's metric on the newest training snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    snapshot_date: str
    metric: str
    trials: tuple[Tried, ...]
    best: int
    """Place in ``trials``; the first of equals."""

    @property
    def found(self) -> Mapping[str, str]:
        return self.trials[self.best].hyperparameters

    def document(self) -> dict[str, Any]:
        return asdict(self)


def search(
    timeline: Timeline, learner: Learner, hyperparameters: Mapping[str, str]
) -> Search | None:
    """Return what was tried, if the card asks for a search and there are two training snapshots.

    Each trial trains on the training snapshots but the newest and is judged by that one: the
    hold-out has no part in it, or it would flatter what was found. The card's own values are tried
    first. One process and one seed: the same inputs find the same values.
    """
    tuning, newest = learner.card.tuning, timeline.dates[-2]
    if tuning is None:
        return None
    if newest == timeline.dates[0]:
        print("search: left out, there is one training snapshot and it takes two", flush=True)
        return None
    # Imported here: only a card that asks for a search pays for it.
    from optuna import create_study, logging
    from optuna.samplers import TPESampler

    logging.set_verbosity(logging.WARNING)
    metric, judged_by = learner.card.evaluation.metric, timeline.held_out(newest)
    tried: list[Tried] = []

    def objective(trial: "Trial") -> float:
        values = _suggested(trial, tuning)
        own = replace(learner, checkpoints=learner.checkpoints / f"trial-{trial.number}")
        value = _value(timeline, own, {**hyperparameters, **values}, judged_by)
        tried.append(Tried(hyperparameters=values, value=value))
        text = " ".join(f"{name}={value}" for name, value in values.items())
        print(
            f"trial {len(tried)} of {tuning.trials}: {metric} {value:.6f} with {text}", flush=True
        )
        return value

    direction = "maximize" if HIGHER_IS_BETTER[metric] else "minimize"
    sampler = TPESampler(seed=int(hyperparameters["seed"]))
    study = create_study(sampler=sampler, direction=direction)
    _try_first(study, tuning, hyperparameters)
    study.optimize(objective, n_trials=tuning.trials)
    return Search(
        snapshot_date=f"{newest}", metric=metric, trials=tuple(tried), best=study.best_trial.number
    )


def _try_first(study: Any, tuning: Tuning, hyperparameters: Mapping[str, str]) -> None:
    """Let the card's own values be the first trial, where they lie within the ranges."""
    own = {one.name: float(hyperparameters[one.name]) for one in tuning.ranges}
    if all(one.low <= own[one.name] <= one.high for one in tuning.ranges):
        study.enqueue_trial(
            {one.name: int(own[one.name]) if one.whole else own[one.name] for one in tuning.ranges}
        )


def _suggested(trial: "Trial", tuning: Tuning) -> dict[str, str]:
    return {
        one.name: str(trial.suggest_int(one.name, int(one.low), int(one.high), log=one.log))
        if one.whole
        else repr(trial.suggest_float(one.name, one.low, one.high, log=one.log))
        for one in tuning.ranges
    }


def _value(
    timeline: Timeline, learner: Learner, values: Mapping[str, str], rows: LabelledRows
) -> float:
    months = timeline.training(training_snapshots(values), before=rows.snapshot_date)
    _, scores = learner.answers(learner.learn(months, values), rows)
    return of_rows(learner.card.task, rows, scores)[learner.card.evaluation.metric]
