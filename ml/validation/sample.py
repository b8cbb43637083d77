"""Make up a few rows that a card accepts: ``python -m ml.validation.sample --model churn``.

Written to the model's ``samples/``: CI judges the card's rules on data that anybody may see.
"""

import argparse
import csv
import io
import random
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from contracts import card as cards
from contracts.card import Column, ColumnType, Dataset, ModelCard

WORKLOADS = Path(__file__).parents[1] / "workloads"
_LAST = date(2026, 3, 31)
_DAYS = 60
_ROWS = 30
_WIDTH = 1000
"""Between the bounds of a number that has only one, or none."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.validation.sample", description=__doc__)
    parser.add_argument("--model", required=True, help="a folder's name in ml/workloads/")
    workload = WORKLOADS / parser.parse_args(arguments).model.replace("-", "_")
    card = cards.load(workload / "card.toml")
    for name, content in made_up(card).items():
        path = workload / "samples" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{path.relative_to(workload)}: {len(content.splitlines()) - 1} rows")
    return 0


def made_up(card: ModelCard) -> dict[str, bytes]:
    """Return one file of each dataset; the same card gives the same bytes."""
    return {f"{each.name}/made-up.csv": _file(each, card) for each in card.datasets}


def _file(dataset: Dataset, card: ModelCard) -> bytes:
    source = random.Random(f"{card.name}/{dataset.name}")  # noqa: S311 - made up, no secret
    rows: list[list[str]] = []
    keys: set[tuple[str, ...]] = set()
    places = [column.name for column in dataset.columns]
    while len(rows) < max(_ROWS, dataset.min_rows):
        row = [_cell(column, source) for column in dataset.columns]
        key = tuple(row[places.index(name)] for name in dataset.unique) or (str(len(rows)),)
        if key not in keys:
            keys.add(key)
            rows.append(row)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([places, *rows])
    return text.getvalue().encode()


def _cell(column: Column, source: random.Random) -> str:
    if column.nullable and source.random() < 0.1:
        return ""
    if column.type is ColumnType.TEXT:
        return source.choice(column.allowed or ("made up", "made, up", "Ünicode"))
    if column.type is ColumnType.DATE:
        return str(_LAST - timedelta(days=source.randrange(_DAYS)))
    low, high = _bounds(column)
    value = source.uniform(low, high)
    return str(round(value)) if column.type is ColumnType.INTEGER else f"{value:.2f}"


def _bounds(column: Column) -> tuple[float, float]:
    low, high = column.minimum, column.maximum
    if low is None:
        low = 0.0 if high is None else min(0.0, high - _WIDTH)
    return low, min(low + _WIDTH, high) if high is not None else low + _WIDTH


if __name__ == "__main__":
    sys.exit(main())
