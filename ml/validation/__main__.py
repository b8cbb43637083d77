"""Validate a run's data: ``python -m ml.validation``, under SageMaker's processing contract."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from contracts import moment
from contracts.validation import ValidationReport
from ml.code_archive import unpack
from ml.data import load_snapshot, verified_files
from ml.files import write_json
from ml.places import Places, of_container, required
from ml.refusal import run
from ml.validation.judgement import judge_file
from ml.validation.schema import Schemas


def main() -> int:
    places = of_container()
    return run(lambda: validate(places, os.environ), places.message)


def validate(places: Places, variables: Mapping[str, str]) -> None:
    """Judge every file of the snapshot and write ``report.json``, accepted or rejected."""
    as_of = required(variables, "PERENNIAL_AS_OF")
    run_id = required(variables, "PERENNIAL_RUN_ID")
    with tempfile.TemporaryDirectory() as room:
        card = unpack(places.processing_input("code"), Path(room)).card
    snapshot = load_snapshot(places.processing_input("snapshot"))
    folders = {
        dataset.name: places.processing_input(f"data/{dataset.name}") for dataset in card.datasets
    }
    schemas = Schemas(card, moment.parse(as_of))
    report = ValidationReport(
        run_id=run_id,
        as_of=as_of,
        snapshot_digest=snapshot.digest,
        files=tuple(judge_file(file, schemas) for file in verified_files(snapshot, card, folders)),
        datasets=(),
    )
    write_json(places.processing_output("report") / "report.json", report.document())
    for file in report.refused:
        print(f"refused: {file.violations[0].message}", flush=True)
    print(f"files={len(report.files)}; refused={len(report.refused)};", flush=True)


if __name__ == "__main__":
    sys.exit(main())
