"""What the trainer's own pipeline answers, in the image's environment: the other side of parity.

``python -m benchmarks.parity_trainer answers <job's /opt/ml> <rows> <out>`` fits the pipeline of a
training job again, proves that it is the same by the bytes of its export, and writes ``rows.csv``
and ``scores.json``. ``python -m benchmarks.parity_trainer refusal`` trains the pipeline that
design.md warns of (a scaler before boosted trees), and says by how much its export is off and what
training's own check says to it.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from contracts import artifact, moment
from contracts.card import Task
from ml.code_archive import unpack
from ml.data import load_snapshot, typed_tables
from ml.places import Places
from ml.refusal import Refusal
from ml.serving.predictor import answers, open_session
from ml.training.export import of_scikit_learn
from ml.training.job import CODE_CHANNEL, SNAPSHOT_CHANNEL
from ml.training.learning import Learner
from ml.training.parity import check_parity
from ml.training.rows import Timeline
from ml.training.settings import chosen, training_snapshots

_SEED = 20261124


def pipeline_answers(job: Path, count: int, out: Path) -> None:
    places = Places(base=job)
    settings = places.hyperparameters()
    with tempfile.TemporaryDirectory() as room:
        workload = unpack(places.channel(CODE_CHANNEL), Path(room))
        card = workload.card
        snapshot = load_snapshot(places.channel(SNAPSHOT_CHANNEL))
        folders = {dataset.name: places.channel(dataset.name) for dataset in card.datasets}
        tables = typed_tables(snapshot, card, folders)
        as_of = moment.parse(settings["as_of"])
        timeline = Timeline(tables, workload.module("features"), card, as_of)
        learner = Learner(model=workload.module("model"), card=card, checkpoints=places.checkpoints)
        given = chosen(card, settings)
        fitted = learner.learn(timeline.training(training_snapshots(given)), given)
    if fitted.onnx != (places.model / artifact.MODEL).read_bytes():
        raise SystemExit("the pipeline fitted again is not the one that the job exported")
    rows = _some(
        np.concatenate(
            [timeline.rows(day).features.to_numpy(np.float64) for day in timeline.dates]
        ),
        count,
    )
    scores = np.asarray(fitted.predict(rows.astype(np.float32)), dtype=np.float64)
    out.mkdir(parents=True, exist_ok=True)
    text = "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist())
    (out / "rows.csv").write_text(text)
    (out / "scores.json").write_text(json.dumps(scores.tolist()))


def _some(rows: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` real rows, drawn again where there are fewer."""
    draw = np.random.default_rng(_SEED)
    return rows[draw.choice(len(rows), size=count, replace=len(rows) < count)]


def refusal() -> dict[str, object]:
    """Train on columns as wide as money and days are; look at all rows, as training does."""
    draw = np.random.default_rng(_SEED)
    rows = np.round(draw.gamma(1.2, 400.0, (20_000, 6)), 2).astype(np.float32)
    chance = 1 / (1 + np.exp(-(rows[:, 0] - rows[:, 1]) / 300))
    labels = (draw.random(len(rows)) < chance).astype(int)
    trees = HistGradientBoostingClassifier(early_stopping=False, random_state=1)
    found: dict[str, object] = {}
    for name, model in {
        "scaler and trees": make_pipeline(StandardScaler(), trees),
        "trees alone": trees,
    }.items():
        fitted = of_scikit_learn(model.fit(rows, labels), 6, Task.BINARY_CLASSIFICATION)
        trained = np.asarray(fitted.predict(rows), dtype=np.float64)
        exported = answers(open_session(fitted.onnx), Task.BINARY_CLASSIFICATION, rows)
        try:
            check_parity(trained, exported)
            said = "accepted"
        except Refusal as error:
            said = str(error)
        off = np.abs(trained - exported)
        found[name] = {"off_by": float(off.max()), "training": said}
    return found


def main(arguments: Sequence[str]) -> None:
    what, *rest = arguments
    if what == "refusal":
        print(json.dumps(refusal()))
    else:
        job, count, out = rest
        pipeline_answers(Path(job), int(count), Path(out))


if __name__ == "__main__":
    main(sys.argv[1:])
