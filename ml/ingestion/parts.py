"""Rows by the day on which they happened: each delivery's part, and the parts of a day together.

A file of ``incoming/`` is always made of all parts of its day, so that late rows join the day they
belong to, and a delivery that is corrected replaces its own part everywhere.
"""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence

from contracts.card import Dataset
from ml.tables import lines

Rows = list[list[str]]


def by_event_day(
    content: bytes, dataset: Dataset, day: str, aside: Collection[int]
) -> dict[str, Rows]:
    """Return the good rows of a judged file, with the card's columns, by day; else of ``day``."""
    header, *rows = lines(content)
    places = [header.index(column.name) for column in dataset.columns]
    time = None if dataset.time is None else header.index(dataset.time)
    found: dict[str, Rows] = {}
    for number, row in enumerate(rows, start=1):
        if number not in aside:
            happened = (row[time] if time is not None else "") or day
            found.setdefault(happened, []).append([row[place] for place in places])
    return found


def together(parts: Iterable[bytes], dataset: Dataset) -> bytes:
    """Join the parts, oldest delivery first: a key that comes again replaces what it was."""
    names = [column.name for column in dataset.columns]
    places = [names.index(name) for name in dataset.unique]
    rows: dict[object, list[str]] = {}
    for part in parts:
        _, *found = lines(part)
        for row in found:
            key = tuple(row[place] for place in places) if places else len(rows)
            rows[key] = row
    return written(dataset, rows.values())


def written(dataset: Dataset, rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in dataset.columns])
    writer.writerows(rows)
    return text.getvalue().encode()


def merged(many: Iterable[Mapping[str, Rows]]) -> dict[str, Rows]:
    """Return the rows of all files of a delivery, by day."""
    found: dict[str, Rows] = {}
    for one in many:
        for day, rows in one.items():
            found.setdefault(day, []).extend(rows)
    return found
