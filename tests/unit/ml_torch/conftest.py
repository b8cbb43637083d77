"""A small world of ratings, what a training is told, and the job folders of the image's tests."""

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ml.workloads.recommender import features
from ml.workloads.recommender.generation import World, generate

# The folders of a job are laid out the same for every image.
sys.path.append(str(Path(__file__).parents[1] / "ml"))

HYPERPARAMETERS = {
    "seed": "3",
    "factors": "4",
    "epochs": "6",
    "batch_rows": "256",
    "learning_rate": "0.03",
    "factor_prior": "4",
    "bias_prior": "5",
    "lowest": "0.5",
    "highest": "5",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    features: NDArray[np.float32]
    labels: NDArray[np.float64]


@pytest.fixture(scope="session")
def months() -> list[Rated]:
    """Return each month's rated pairs, oldest first."""
    tables = {"ratings": generate(World(users=150, items=50, months=6))}
    return [_rated(tables, day) for day in features.snapshots(tables)]


def _rated(tables: dict[str, pd.DataFrame], day: date) -> Rated:
    outcomes = features.outcomes(tables, day).sort_index()
    asked = features.prepare(tables, day, outcomes.index)
    return Rated(features=asked.to_numpy(np.float32), labels=outcomes.to_numpy(np.float64))


@pytest.fixture(scope="session")
def known(months: list[Rated]) -> Rated:
    """Return all months but the last as one."""
    return Rated(
        features=np.concatenate([month.features for month in months[:-1]]),
        labels=np.concatenate([month.labels for month in months[:-1]]),
    )
