"""Train one candidate: ``python -m ml.container train``, under SageMaker's training contract."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from contracts import moment
from ml.places import Places, of_container, required
from ml.refusal import run
from ml.training.provenance import Image, Inputs, of_process

SNAPSHOT_CHANNEL = "snapshot"
CODE_CHANNEL = "code"


def main() -> int:
    places = of_container()
    return run(lambda: train(places, of_process(), os.environ), places.failure)


def train(places: Places, image: Image, variables: Mapping[str, str]) -> None:
    # Imported here: a wrong setting is refused before seconds of imports.
    settings = places.hyperparameters()
    as_of = moment.parse(required(settings, "as_of"))
    run_id = required(settings, "run_id")

    from ml.code_archive import unpack
    from ml.data import load_snapshot, typed_tables
    from ml.training.back_testing import rolling_origins
    from ml.training.candidate import fit
    from ml.training.learning import THREADS, Learner
    from ml.training.package import write
    from ml.training.rows import Timeline
    from ml.training.settings import chosen
    from ml.training.tracking import Finished, log
    from ml.training.tuning import search

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
        given = chosen(card, settings)
        searched = search(timeline, learner, given)
        hyperparameters = given if searched is None else {**given, **searched.found}
        candidate = fit(timeline, learner, hyperparameters)
        origins = rolling_origins(timeline, learner, hyperparameters)
        provenance = inputs.provenance(hyperparameters, THREADS)
        write(places.model, candidate, workload, provenance, origins=origins, search=searched)
    metrics = " ".join(f"{name}={value:.6f};" for name, value in candidate.metrics.items())
    print(metrics, flush=True)
    finished = Finished(
        model=card.name,
        provenance=provenance,
        metrics=candidate.metrics,
        folder=places.model,
    )
    log(finished, places.data, variables)


if __name__ == "__main__":
    sys.exit(main())
