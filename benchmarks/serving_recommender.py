"""The recommender as an artifact to be served; run in the PyTorch environment."""

import sys
import tempfile
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import numpy as np

from benchmarks.serving_model import write_artifact
from contracts.card import load
from ml.training.learning import Learner, float32
from ml.training.rows import Timeline
from ml.training.settings import chosen, training_snapshots
from ml.workloads.recommender import features, model
from ml.workloads.recommender.generation import World, generate


def main(folder: Path) -> None:
    card_path = Path(features.__file__).parent / "card.toml"
    card = load(card_path)
    tables = {"ratings": generate(World())}
    newest = features.snapshots(tables)[-1]
    moment = datetime(newest.year, newest.month, newest.day, tzinfo=UTC)
    timeline = Timeline(tables, features, card, moment)
    told = chosen(card, {})
    months = timeline.training(training_snapshots(told))
    with tempfile.TemporaryDirectory() as room, redirect_stdout(StringIO()):
        fitted = Learner(model=model, card=card, checkpoints=Path(room)).learn(months, told)
    asked = float32(months[-1])[:32]
    write_artifact(folder, fitted, card_path.read_bytes(), asked.astype(np.float64))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
