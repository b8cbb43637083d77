"""Validate a run's data: ``python -m ml.validation``, under SageMaker's processing contract."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from contracts import moment
from contracts.card import ModelCard
from contracts.profile import Profile, parse_profile
from ml.code_archive import unpack
from ml.data import load_snapshot, verified_files
from ml.files import write_json
from ml.places import Places, of_container, only_file, required
from ml.refusal import Refusal, run
from ml.validation.judging import Outcome, judge
from ml.validation.page import render
from ml.validation.schema import Schemas


def main() -> int:
    places = of_container()
    return run(lambda: validate(places, os.environ), places.message)


def validate(places: Places, variables: Mapping[str, str]) -> None:
    """Judge every file of the snapshot and write what was found, accepted or rejected."""
    as_of = required(variables, "PERENNIAL_AS_OF")
    run_id = required(variables, "PERENNIAL_RUN_ID")
    with tempfile.TemporaryDirectory() as room:
        card = unpack(places.processing_input("code"), Path(room)).card
    snapshot = load_snapshot(places.processing_input("snapshot"))
    folders = {
        dataset.name: places.processing_input(f"data/{dataset.name}") for dataset in card.datasets
    }
    outcome = judge(
        verified_files(snapshot, card, folders),
        Schemas(card, moment.parse(as_of)),
        run_id=run_id,
        as_of=as_of,
        snapshot_digest=snapshot.digest,
        before=accepted_before(places.processing_input("profile")),
    )
    write(outcome, places.processing_output("report"), card)
    summarize(outcome)


def accepted_before(folder: Path) -> Profile | None:
    """Return the profile of the last accepted snapshot; a first run is given none."""
    if not folder.is_dir():
        return None
    path = only_file(folder, "*.json")
    try:
        return parse_profile(json.loads(path.read_bytes()))
    except ValueError as error:
        raise Refusal(
            f"the profile of the last accepted snapshot cannot be read: {error}"
        ) from error


def write(outcome: Outcome, folder: Path, card: ModelCard) -> None:
    write_json(folder / "report.json", outcome.report.document())
    write_json(folder / "profile.json", outcome.profile.document())
    (folder / "report.html").write_text(render(outcome.report, card), encoding="utf-8")
    for name, content in outcome.set_aside.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def summarize(outcome: Outcome) -> None:
    """Print what a person looks for in the job's log."""
    report = outcome.report
    for violation in report.broken:
        print(f"rejected: {violation.message}", flush=True)
    for file in report.refused:
        print(f"refused: {file.violations[0].message}", flush=True)
    aside = sum(len(file.set_aside) for file in report.files)
    print(
        f"verdict={report.verdict}; files={len(report.files)}; refused={len(report.refused)}; "
        f"set_aside={aside};",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
