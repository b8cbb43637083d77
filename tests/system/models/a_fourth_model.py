"""A model as a newcomer adds it: the folder that `make new-model` writes, with made-up data."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from demo.history import History
from tools.new_model.__main__ import write

NAME = "late-payer"
START = date(2024, 7, 1)
_FIRST, _LAST = date(2024, 1, 1), date(2024, 10, 1)
_IDS = 900
_WINDOW = timedelta(days=30)


def lay_out(models: Path) -> Path:
    """Write the folder; nothing else of the project is touched."""
    return write(NAME, "binary_classification", models)


def history(root: Path) -> History:
    """Write what its owner would deliver: who was seen long ago tends to have the label."""
    source = random.Random(4)
    events = list(_events(source))
    for month in _months(_FIRST, _LAST):
        start = _next(month)
        rows = [f"{i},{day},{amount}" for i, day, amount in events if month <= day < start]
        _write(root / "landing" / f"{start}" / "events" / f"{month}.csv", "id,date,amount", rows)
    for snapshot in _months(_next(_FIRST), _LAST):
        labels = list(_labels(source, events, snapshot))
        closed = snapshot + _WINDOW
        rows = [f"{i},{snapshot},{label}" for i, label in labels]
        header = "id,snapshot_date,label"
        _write(root / "landing" / f"{closed}" / "labels" / f"{snapshot}.csv", header, rows)
    _write(
        root / "requests" / f"{START}.csv",
        "entity,days_since,amount_90d",
        [f"{i},{3 * i % 200},{i}.5" for i in range(1, 40)],
    )
    return History(root=root)


def _events(source: random.Random) -> Iterator[tuple[int, date, float]]:
    for i in range(1, _IDS + 1):
        day, gap = _FIRST + timedelta(days=source.randrange(28)), source.choice([8, 40, 120])
        while day < _LAST:
            yield i, day, source.randint(100, 9900) / 100
            day += timedelta(days=1 + int(source.expovariate(1 / gap)))


def _labels(
    source: random.Random, events: list[tuple[int, date, float]], snapshot: date
) -> Iterator[tuple[int, int]]:
    last: dict[int, date] = {}
    for i, day, _ in events:
        if day < snapshot:
            last[i] = max(day, last.get(i, day))
    for i, day in sorted(last.items()):
        yield i, int(source.random() < min(0.9, 0.1 + (snapshot - day).days / 60))


def _months(first: date, last: date) -> Iterator[date]:
    while first < last:
        yield first
        first = _next(first)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _write(path: Path, header: str, rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
