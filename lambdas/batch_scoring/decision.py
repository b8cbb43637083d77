"""What may be scored in a batch, and when all of it has been."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from contracts import layout
from contracts.batch import SUFFIXES, BatchFormat


class NoChampion(Exception):
    """No version has been promoted yet. The name is the execution's error."""


class UnreadableInput(Exception):
    """The files cannot be scored as they are. The name is the execution's error."""


class RowsMissing(Exception):
    """Not every row was answered by the version asked. The name is the execution's error."""


def refuse_elsewhere(uri: str, *, bucket: str, model: str, what: str) -> None:
    """Raise unless ``uri`` lies where batches may read and write."""
    prefix = layout.batch_prefix(model)
    try:
        found, key = layout.split_s3_uri(uri)
    except ValueError as error:
        raise UnreadableInput(f"{what}: {error}") from None
    if found != bucket or not key.startswith(prefix):
        raise UnreadableInput(f"{what} must lie below s3://{bucket}/{prefix}, got {uri}")


def format_of(names: Sequence[str]) -> BatchFormat:
    """Return what all files hold; a batch has one format."""
    found: set[BatchFormat] = set()
    for name in names:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix not in SUFFIXES:
            raise UnreadableInput(f"a file must end with {', '.join(SUFFIXES)}, got {name}")
        found.add(SUFFIXES[suffix])
    if len(found) != 1:
        raise UnreadableInput("a batch must hold files of one format, got CSV and JSON Lines")
    return found.pop()


def has_header(first_line: str, features: Sequence[str], *, where: str) -> bool:
    """Say whether a CSV file begins with the features' names, in the card's order.

    The file is cut into requests, of which only the first has the header: any other order would
    answer the rest of the file wrongly.
    """
    cells = [cell.strip() for cell in next(csv.reader([first_line.lstrip("\ufeff")]), [])]
    if all(_is_number(cell) for cell in cells):
        if len(cells) != len(features):
            raise UnreadableInput(
                f"{where}: a row must have {len(features)} values, the first has {len(cells)}"
            )
        return False
    if cells != list(features):
        raise UnreadableInput(
            f"{where}: a header must name {', '.join(features)} in this order, got "
            f"{', '.join(cells)[:300]}"
        )
    return True


def _is_number(cell: str) -> bool:
    if not cell:  # a missing value
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def refuse_missing(asked: Mapping[str, int], answered: Mapping[str, int], *, version: int) -> None:
    """Raise unless each file's rows were all answered, by the version that was asked."""
    for name, rows in asked.items():
        got = answered.get(name, 0)
        if got != rows:
            raise RowsMissing(f"{name}: version {version} must answer {rows} rows, answered {got}")


def summary(rows: Mapping[str, int], version: int) -> str:
    files = "1 file" if len(rows) == 1 else f"{len(rows)} files"
    return f"{sum(rows.values()):,} rows of {files} scored by version {version}"
