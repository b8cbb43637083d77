"""Train one candidate: ``python -m ml.container train``, under SageMaker's training contract."""

import sys
import tempfile
from pathlib import Path

from contracts import moment
from ml.places import Places, of_container, required
from ml.refusal import run
from ml.training.provenance import Image, Inputs, of_process

SNAPSHOT_CHANNEL = "snapshot"
CODE_CHANNEL = "code"


def main() -> int:
    places = of_container()
    return run(lambda: train(places, of_process()), places.failure)


def train(places: Places, image: Image) -> None:
    # Imported here: a wrong setting is refused before seconds of imports.
    settings = places.hyperparameters()
    as_of = moment.parse(required(settings, "as_of"))
    run_id = required(settings, "run_id")

    from ml.code_archive import unpack
    from ml.data import load_snapshot, typed_tables
    from ml.training.candidate import fit
    from ml.training.learning import THREADS, Learner
    from ml.training.package import write
    from ml.training.rows import Timeline
    from ml.training.settings import chosen

    with tempfile.TemporaryDirectory() as room:
        workload = unpack(places.channel(CODE_CHANNEL), Path(room))
        card = workload.card
        snapshot = load_snapshot(places.channel(SNAPSHOT_CHANNEL))
        folders = {dataset.name: places.channel(dataset.name) for dataset in card.datasets}
        tables = typed_tables(snapshot, card, folders)
        print(f"data: snapshot {snapshot.digest[:12]}, {len(snapshot.files)} files", flush=True)
        timeline = Timeline(tables, workload.module("features"), card, as_of)
        learner = Learner(model=workload.module("model"), card=card, checkpoints=places.checkpoints)
        inputs = Inputs(
            run_id=run_id,
            as_of=as_of,
            snapshot_digest=snapshot.digest,
            code_sha256=workload.sha256,
            image=image,
        )
        hyperparameters = chosen(card, settings)
        candidate = fit(timeline, learner, hyperparameters)
        write(places.model, candidate, workload, inputs.provenance(hyperparameters, THREADS))
    metrics = " ".join(f"{name}={value:.6f};" for name, value in candidate.metrics.items())
    print(metrics, flush=True)


if __name__ == "__main__":
    sys.exit(main())
