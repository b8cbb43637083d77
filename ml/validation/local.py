"""Validate data files on this machine: ``python -m ml.validation.local --model churn <folder>``.

The folder holds ``<dataset>/<file>.csv``; the rules and the code are those of a run.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from contracts import card as cards
from contracts import moment
from contracts.card import ColumnType, Dataset, ModelCard
from contracts.errors import ContractError
from contracts.layout import dataset_prefix
from contracts.snapshot import Snapshot, SnapshotFile, schema_digest
from contracts.validation import Verdict
from ml.data import DataFile
from ml.refusal import Refusal
from ml.tables import BadFile, read
from ml.validation.__main__ import accepted_before, summarize, write
from ml.validation.judging import Outcome, judge
from ml.validation.schema import Schemas, are_labels

WORKLOADS = Path(__file__).parents[1] / "workloads"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when all is accepted, 1 when anything is refused or set aside."""
    asked = _parser().parse_args(arguments)
    if asked.model is None and asked.folder is not None:
        print("a folder needs --model, whose card has its rules", file=sys.stderr)
        return 2
    models = [asked.model] if asked.model is not None else _with_samples()
    return max((_validate(model, asked) for model in models), default=0)


def _with_samples() -> list[str]:
    return sorted(folder.parent.name for folder in WORKLOADS.glob("*/samples"))


def _validate(model: str, asked: argparse.Namespace) -> int:
    workload = WORKLOADS / model.replace("-", "_")
    try:
        outcome, card = _judged(workload, asked)
    except (Refusal, ContractError, OSError) as refusal:
        print(f"{model}: {refusal}", file=sys.stderr)
        return 1
    print(f"{card.name}, as of {outcome.report.as_of}:")
    summarize(outcome)
    if asked.report is not None:
        write(outcome, asked.report, card)
    return 0 if outcome.report.verdict is Verdict.ACCEPTED else 1


def _judged(workload: Path, asked: argparse.Namespace) -> tuple[Outcome, ModelCard]:
    card = cards.load(workload / "card.toml")
    files = list(_files(asked.folder or workload / "samples", card))
    as_of = moment.parse(asked.as_of) if asked.as_of else _all_known(files, card)
    snapshot = Snapshot(
        model=card.name,
        bucket="local",
        files=tuple(file.listed for file in files),
        schemas={dataset.name: schema_digest(dataset) for dataset in card.datasets},
    )
    outcome = judge(
        files,
        Schemas(card, as_of),
        run_id=f"{card.name}-local",
        as_of=moment.render(as_of),
        snapshot_digest=snapshot.digest,
        before=accepted_before(asked.profile) if asked.profile else None,
    )
    return outcome, card


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml.validation.local", description=__doc__)
    parser.add_argument("--model", help="default: every model that has samples/")
    parser.add_argument("folder", nargs="?", type=Path, help="default: the model's samples/")
    parser.add_argument("--as-of", help="default: the first day on which all of it can be known")
    parser.add_argument("--profile", type=Path, help="folder of a profile.json to compare with")
    parser.add_argument("--report", type=Path, help="folder to write report.json and .html to")
    return parser


def _files(folder: Path, card: ModelCard) -> Iterator[DataFile]:
    if not folder.is_dir():
        raise Refusal(f"there is no folder {folder}")
    names = [dataset.name for dataset in card.datasets]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        dataset, _, name = path.relative_to(folder).as_posix().partition("/")
        if dataset not in names or not name:
            raise Refusal(f"{path} must lie in a folder named after a dataset: {', '.join(names)}")
        content = path.read_bytes()
        yield DataFile(
            listed=SnapshotFile(
                dataset=dataset,
                key=dataset_prefix(card.name, dataset) + name,
                version_id="local",
                sha256=sha256(content).hexdigest(),
                size=len(content),
            ),
            content=content,
        )


def _all_known(files: Sequence[DataFile], card: ModelCard) -> datetime:
    """Return the first moment at which no date of the files lies in the future."""
    datasets = {dataset.name: dataset for dataset in card.datasets}
    days = [
        day + timedelta(days=card.label_window_days if are_labels(dataset, card) else 0)
        for file in files
        for dataset in [datasets[file.listed.dataset]]
        for day in _days(file, dataset)
    ]
    if not days:
        raise Refusal("no file has a date from which --as-of would follow; give it")
    return max(days).replace(tzinfo=UTC)


def _days(file: DataFile, dataset: Dataset) -> Iterator[datetime]:
    try:
        frame = read(file.content, dataset).frame
    except BadFile:  # it is judged, and named, with the others
        return
    for column in dataset.columns:
        if column.type is ColumnType.DATE and frame[column.name].notna().any():
            yield frame[column.name].max().to_pydatetime()


if __name__ == "__main__":
    sys.exit(main())
