"""What a data file breaks as a whole: its size, its labels' balance, its distance to the past."""

from collections.abc import Iterator

import pandas as pd

from contracts.card import Dataset, ModelCard, Task
from contracts.profile import Profile
from contracts.validation import Violation
from ml.data import DataFile
from ml.validation.profile import is_new, shifts


def violations(
    file: DataFile,
    dataset: Dataset,
    frame: pd.DataFrame,
    card: ModelCard,
    before: Profile | None,
) -> Iterator[Violation]:
    """Judge the rows that are left when those which broke a rule are set aside."""
    yield from size(file, dataset, len(frame))
    yield from _balance(file, frame, card)
    yield from _distance(file, dataset, frame, card, before)


def size(file: DataFile, dataset: Dataset, rows: int) -> Iterator[Violation]:
    if rows < dataset.min_rows:
        text = f"{rows} data rows, at least {dataset.min_rows} are expected"
        yield of_file(file, "min_rows", text)
    if dataset.max_rows is not None and rows > dataset.max_rows:
        text = f"{rows} data rows, at most {dataset.max_rows} are expected"
        yield of_file(file, "max_rows", text)


def holds_classes(card: ModelCard, dataset: Dataset) -> bool:
    """Say whether the dataset has a classifier's labels."""
    return card.task is Task.BINARY_CLASSIFICATION and card.label in {
        column.name for column in dataset.columns
    }


def _balance(file: DataFile, frame: pd.DataFrame, card: ModelCard) -> Iterator[Violation]:
    least = card.validation.min_class_share
    labelled = card.task is Task.BINARY_CLASSIFICATION and card.label in frame.columns
    if not labelled or not least or not len(frame):
        return
    share = float((frame[card.label] == 1).mean())
    for label, part in ((1, share), (0, 1 - share)):
        if part < least:
            text = f"label {label} is {part:.2%} of the rows, at least {least:.2%} are expected"
            yield of_file(file, "min_class_share", text, column=card.label)


def _distance(
    file: DataFile, dataset: Dataset, frame: pd.DataFrame, card: ModelCard, before: Profile | None
) -> Iterator[Violation]:
    """Compare what is new: a file that was accepted before is what the profile was made of."""
    rules, listed = card.validation, file.listed
    if rules.max_psi is None or before is None or len(frame) < rules.min_psi_rows:
        return
    if not is_new(before, listed.key, listed.sha256):
        return
    for past, psi in shifts(before, dataset, frame):
        if psi > rules.max_psi:
            text = (
                f"column {past.column!r}: PSI {psi:.3f} against what {before.run_id} accepted, "
                f"at most {rules.max_psi:g} is expected"
            )
            yield of_file(file, "max_psi", text, column=past.column)


def of_file(
    file: DataFile, rule: str, text: str, *, row: int | None = None, column: str | None = None
) -> Violation:
    where = file.name if row is None else f"{file.name}: row {row}"
    return Violation(
        rule=rule, column=column, row=row, value=None, message=f"{where}: {text} (rule: {rule})"
    )
