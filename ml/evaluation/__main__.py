"""Evaluate a candidate: ``python -m ml.evaluation``, under SageMaker's processing contract."""

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from contracts import artifact, moment
from ml.code_archive import unpack
from ml.data import load_snapshot, typed_tables
from ml.evaluation.contest import compare
from ml.evaluation.contestant import enter
from ml.files import write_json
from ml.places import Places, of_container, required
from ml.refusal import run
from ml.training.rows import Timeline


def main() -> int:
    places = of_container()
    return run(lambda: evaluate(places, os.environ), places.message)


def evaluate(places: Places, variables: Mapping[str, str]) -> None:
    """Write all that layout.evaluation_prefix says, about the candidate."""
    as_of = required(variables, "PERENNIAL_AS_OF")
    run_id = required(variables, "PERENNIAL_RUN_ID")
    candidate = enter(
        places.processing_input("candidate"), required(variables, "PERENNIAL_CANDIDATE_URI")
    )
    # Empty before the first promotion: SageMaker has no null among a job's variables.
    champion_uri = variables.get("PERENNIAL_CHAMPION_URI", "")
    champion = enter(places.processing_input("champion"), champion_uri) if champion_uri else None
    with tempfile.TemporaryDirectory() as room:
        workload = unpack(places.processing_input("code"), Path(room))
        card = workload.card
        snapshot = load_snapshot(places.processing_input("snapshot"))
        folders = {
            dataset.name: places.processing_input(f"data/{dataset.name}")
            for dataset in card.datasets
        }
        tables = typed_tables(snapshot, card, folders)
        timeline = Timeline(tables, workload.module("features"), card, moment.parse(as_of))
        report = compare(timeline.holdout, candidate, champion, run_id=run_id, as_of=as_of)
        predictions = candidate.predictions(candidate.scores(timeline.holdout))
    output = places.processing_output("evaluation")
    write_json(output / "evaluation.json", report.document())
    write_json(output / "answers.json", {"scores": candidate.golden_scores()})
    write_json(output / "predictions.json", asdict(predictions))
    write_json(output / "schema.json", candidate.features())
    (output / artifact.BASELINE).write_bytes(candidate.baseline)
    (output / "golden.csv").write_text(candidate.golden_csv(), encoding="utf-8")
    gain = "" if report.gain is None else f" gain={report.gain.value:+.5f}"
    print(f"{report.metric}={report.candidate.metrics[report.metric]:.6f};{gain}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
