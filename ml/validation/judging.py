"""Judge all files of a run, then what its accepted files are together."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from contracts.card import Dataset, ModelCard, OnRefusedFile
from contracts.layout import dataset_prefix, set_aside_name
from contracts.profile import Profile
from contracts.validation import DatasetReport, FileReport, ValidationReport, Violation
from ml.data import DataFile
from ml.tables import lines
from ml.validation.file_rules import holds_classes
from ml.validation.judgement import Judged, judge_file, time_range
from ml.validation.profile import Sketch
from ml.validation.schema import Schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    report: ValidationReport
    profile: Profile
    """Of what was accepted."""
    set_aside: dict[str, bytes]
    """The bad rows of files that are used without them, as CSV by ``layout.set_aside_name``."""


def judge(
    files: Iterable[DataFile],
    schemas: Schemas,
    *,
    run_id: str,
    as_of: str,
    snapshot_digest: str,
    before: Profile | None,
) -> Outcome:
    reports: list[FileReport] = []
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in schemas.datasets}
    sketch, aside = Sketch(), dict[str, bytes]()
    for file in files:
        judged, dataset = judge_file(file, schemas, before), schemas.datasets[file.listed.dataset]
        reports.append(judged.report)
        if judged.frame is None:
            continue
        parts[dataset.name].append(judged.frame)
        sketch.add(dataset, file.listed.key, file.listed.sha256, judged.frame)
        if judged.bad_rows:
            prefix = dataset_prefix(schemas.card.name, dataset.name)
            name = set_aside_name(dataset.name, file.listed.key.removeprefix(prefix))
            aside[name] = bad_rows(file, judged)
    report = ValidationReport(
        run_id=run_id,
        as_of=as_of,
        snapshot_digest=snapshot_digest,
        stop_on_refused=schemas.card.validation.on_refused_file is OnRefusedFile.STOP,
        files=tuple(reports),
        datasets=tuple(
            _dataset(dataset, parts[name], schemas) for name, dataset in schemas.datasets.items()
        ),
    )
    return Outcome(report=report, profile=sketch.profile(run_id), set_aside=aside)


def bad_rows(file: DataFile, judged: Judged) -> bytes:
    """Write the rows as they stood, one line per rule that they broke."""
    header, *rows = lines(file.content)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "rule", "message", *header])
    for each in judged.bad_rows:
        if each.row is not None:
            writer.writerow([each.row, each.rule, each.message, *rows[each.row - 1]])
    return text.getvalue().encode()


def _dataset(dataset: Dataset, parts: list[pd.DataFrame], schemas: Schemas) -> DatasetReport:
    frame = pd.concat(parts, ignore_index=True) if parts else None
    violations = (
        [_of_dataset(dataset, "has_files", "no file is left that could be used")]
        if frame is None
        else [*_freshness(dataset, frame, schemas), *_classes(dataset, frame, schemas.card)]
    )
    return DatasetReport(
        dataset=dataset.name,
        rows=0 if frame is None else len(frame),
        violations=tuple(violations),
    )


def _freshness(dataset: Dataset, frame: pd.DataFrame, schemas: Schemas) -> Iterator[Violation]:
    most, (_, last) = dataset.max_age_days, time_range(dataset, frame)
    if most is None:
        return
    # Without any date there is nothing fresh, either.
    age = None if last is None else (schemas.as_of.replace(tzinfo=None) - pd.Timestamp(last)).days
    if age is None or age > most:
        text = (
            f"the newest {dataset.time} is {last}, {age} days before this run; "
            f"at most {most} are expected"
        )
        yield _of_dataset(dataset, "max_age_days", text, column=dataset.time)


def _classes(dataset: Dataset, frame: pd.DataFrame, card: ModelCard) -> Iterator[Violation]:
    if not holds_classes(card, dataset):
        return
    found = sorted({int(value) for value in frame[card.label].dropna()})
    if found != [0, 1]:
        text = f"the labels are all of {found}; a classifier needs rows of 0 and of 1"
        yield _of_dataset(dataset, "both_classes", text, column=card.label)


def _of_dataset(dataset: Dataset, rule: str, text: str, *, column: str | None = None) -> Violation:
    message = f"dataset {dataset.name}: {text} (rule: {rule})"
    return Violation(rule=rule, column=column, row=None, value=None, message=message)
