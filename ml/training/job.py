"""One training job, from its input folders to the artifact."""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ml.code_archive import Workload, unpack
from ml.data import load_snapshot, typed_tables
from ml.places import Places
from ml.training.back_testing import rolling_origins
from ml.training.candidate import fit
from ml.training.learning import THREADS, Learner
from ml.training.package import write
from ml.training.provenance import Image, Inputs
from ml.training.rows import Timeline
from ml.training.settings import chosen
from ml.training.tracking import Finished
from ml.training.tuning import search

SNAPSHOT_CHANNEL = "snapshot"
CODE_CHANNEL = "code"


def perform(
    places: Places, image: Image, settings: Mapping[str, str], *, run_id: str, as_of: datetime
) -> Finished:
    """Search if the card asks for it, train, test backwards, and write the artifact."""
    with tempfile.TemporaryDirectory() as room:
        workload = unpack(places.channel(CODE_CHANNEL), Path(room))
        timeline, digest = _data(places, workload, as_of)
        learner = Learner(
            model=workload.module("model"), card=workload.card, checkpoints=places.checkpoints
        )
        given = chosen(workload.card, settings)
        searched = search(timeline, learner, given)
        hyperparameters = given if searched is None else {**given, **searched.found}
        candidate = fit(timeline, learner, hyperparameters)
        origins = rolling_origins(timeline, learner, hyperparameters)
        inputs = Inputs(
            run_id=run_id,
            as_of=as_of,
            snapshot_digest=digest,
            code_sha256=workload.sha256,
            image=image,
        )
        provenance = inputs.provenance(hyperparameters, THREADS)
        write(places.model, candidate, workload, provenance, origins=origins, search=searched)
    return Finished(
        model=workload.card.name,
        provenance=provenance,
        metrics=candidate.metrics,
        folder=places.model,
    )


def _data(places: Places, workload: Workload, as_of: datetime) -> tuple[Timeline, str]:
    card, snapshot = workload.card, load_snapshot(places.channel(SNAPSHOT_CHANNEL))
    folders = {dataset.name: places.channel(dataset.name) for dataset in card.datasets}
    tables = typed_tables(snapshot, card, folders)
    print(f"data: snapshot {snapshot.digest[:12]}, {len(snapshot.files)} files", flush=True)
    return Timeline(tables, workload.module("features"), card, as_of), snapshot.digest
