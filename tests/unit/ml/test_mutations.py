"""Whatever happens to a file's bytes, it is refused, or read exactly as the card promises."""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from job_folders import CHURN, WORKLOADS

from contracts import moment
from contracts.card import Dataset, ModelCard, load, parse
from contracts.snapshot import SnapshotFile
from ml.data import DataFile, kept
from ml.tables import read
from ml.validation.judgement import judge_file
from ml.validation.schema import Schemas

Check = Callable[[str, Any], bool]
MAY = date(1997, 6, 1)
APRIL = date(1997, 4, 2)
"""The newest snapshot whose labels are known on the first of June."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A good file of one dataset, and what must hold for each cell that is used."""

    card: ModelCard
    dataset_name: str
    good: bytes
    checks: Mapping[str, Check]
    dates: tuple[str, ...] = ()

    @property
    def schemas(self) -> Schemas:
        return Schemas(self.card, moment.parse("1997-06-01T00:00:00Z"))

    @property
    def dataset(self) -> Dataset:
        return self.schemas.datasets[self.dataset_name]

    @property
    def most_bad(self) -> float:
        return self.card.validation.max_bad_row_share

    def file(self, content: bytes) -> DataFile:
        return DataFile(
            listed=SnapshotFile(
                dataset=self.dataset_name,
                key=f"{self.card.name}/incoming/{self.dataset_name}/1997-05.csv",
                version_id="1",
                sha256=sha256(content).hexdigest(),
                size=len(content),
            ),
            content=content,
        )


def whole(least: int, most: int) -> Check:
    return lambda text, value: least <= int(text) == value <= most


def number(least: float, most: float) -> Check:
    return lambda text, value: least <= float(text) == value <= most


def day(last: date) -> Check:
    return lambda text, value: date.fromisoformat(text) == value <= last


def lenient(card: ModelCard) -> ModelCard:
    """Set up to a quarter of a file's rows aside."""
    return replace(card, validation=replace(card.validation, max_bad_row_share=0.25))


CARD = load(CHURN / "card.toml")
ALL = 2**63
GOOD = (
    b"customer_id,date,quantity,amount\n"
    b"1,1997-05-02,1,9.5\n2,1997-05-03,2,19\n2,1997-05-30,3,0.99\n4,1997-05-31,1,100.25\n"
)
LABELS = (
    b"customer_id,snapshot_date,churned\n"
    b"1,1997-03-01,1\n2,1997-03-01,0\n3,1997-03-01,0\n2,1997-04-01,1\n"
)
RATINGS = b"user_id,item_id,rating,date\n" + b"".join(
    b"%d,%d,%s,1997-05-%02d\n" % (i % 7 + 1, i + 1, b"4.5" if i % 2 else b"3", i % 28 + 1)
    for i in range(8)
)
HOURS = b"day,weather,rides\n" + b"".join(
    b"1997-05-%02d,%s,%d\n" % (i + 1, (b"dry", b"rain", b"")[i % 3], 40 + i) for i in range(8)
)
RIDES = parse(
    {
        "model": {
            "name": "rides",
            "task": "regression",
            "description": "d",
            "owner": "o",
            "label": "rides",
            "label_window_days": 1,
        },
        "datasets": [
            {
                "name": "rides",
                "time": "day",
                "unique": ["day"],
                "columns": [
                    {"name": "day", "type": "date"},
                    {
                        "name": "weather",
                        "type": "text",
                        "allowed": ["dry", "rain"],
                        "nullable": True,
                    },
                    {"name": "rides", "type": "integer", "min": 0, "max": 999},
                ],
            }
        ],
        "features": [{"name": "x"}],
        "gate": {"ceiling": 1},
    }
)
RECOMMENDER = load(WORKLOADS / "recommender" / "card.toml")
SMALL = replace(
    RECOMMENDER, datasets=tuple(replace(each, min_rows=1) for each in RECOMMENDER.datasets)
)
PURCHASES = Case(
    card=CARD,
    dataset_name="purchases",
    good=GOOD,
    checks={
        "customer_id": whole(1, ALL),
        "date": day(MAY),
        "quantity": whole(1, 10_000),
        "amount": number(0, 100_000),
    },
    dates=("date",),
)
STRICT = {
    "purchases": PURCHASES,
    "labels": Case(
        card=CARD,
        dataset_name="labels",
        good=LABELS,
        checks={
            "customer_id": whole(1, ALL),
            "snapshot_date": day(APRIL),
            "churned": whole(0, 1),
        },
        dates=("snapshot_date",),
    ),
    "ratings": Case(
        card=SMALL,
        dataset_name="ratings",
        good=RATINGS,
        checks={
            "user_id": whole(1, 2**24),
            "item_id": whole(1, 2**24),
            "rating": number(0.5, 5),
            "date": day(MAY),
        },
        dates=("date",),
    ),
    "rides": Case(
        card=RIDES,
        dataset_name="rides",
        good=HOURS,
        checks={
            "day": day(MAY),
            "weather": lambda text, value: text in ("dry", "rain", "") and (value or "") == text,
            "rides": whole(0, 999),
        },
        dates=("day",),
    ),
}
FILES = {
    **STRICT,
    **{
        f"{name}, bad rows set aside": replace(case, card=lenient(case.card))
        for name, case in STRICT.items()
    },
}


@st.composite
def mutated(draw: st.DrawFn, good: bytes) -> bytes:
    """Change a good file by one to four edits of bytes or of lines."""
    content = good
    for _ in range(draw(st.integers(1, 4))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        some = draw(st.one_of(st.binary(min_size=1, max_size=3), st.sampled_from(EDITS)))
        kind = draw(st.sampled_from(["delete", "insert", "replace", "cut", "repeat", "swap"]))
        if kind == "delete":
            content = content[:at] + content[at + draw(st.integers(1, 9)) :]
        elif kind == "insert":
            content = content[:at] + some + content[at:]
        elif kind == "replace":
            content = content[:at] + some + content[at + len(some) :]
        elif kind == "cut":
            content = content[:at]
        elif kind == "repeat":
            content += content[at:]
        else:
            lines = content.splitlines(keepends=True)
            content = b"".join(draw(st.permutations(lines)))
    return content


EDITS = [
    b",",
    b"\n",
    b"\r\n",
    b'"',
    b"-",
    b"nan",
    b"inf",
    b"1e9",
    b"\x00",
    b"\xff",
    b" ",
    b"_",
    b"'",
]


def independent_rows(content: bytes) -> list[dict[str, str]]:
    """Read a small file with the standard library alone; rows set aside may hold anything."""
    assert content.endswith(b"\n")
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
@pytest.mark.slow
def test_a_mutated_file_is_refused_or_harmless(name: str, data: st.DataObject) -> None:
    case = FILES[name]
    content = data.draw(mutated(case.good))
    report = judge_file(case.file(content), case.schemas).report
    if report.refused:
        assert report.violations
        assert all(violation.message for violation in report.violations)
        return
    # Accepted: an independent reading finds only plain rows within the card's bounds, and
    # training reads the very same values.
    rows, aside = independent_rows(content), set(report.set_aside)
    used = [row for number, row in enumerate(rows, start=1) if number not in aside]
    assert len(rows) == report.rows
    assert len(aside) <= case.most_bad * len(rows)
    frame = kept(read(content, case.dataset).frame, case.dataset, aside)
    assert len(frame) == len(used) >= 1
    for cells, row in zip(used, frame.to_dict("records"), strict=True):
        assert set(cells) == set(case.checks)
        for column, check in case.checks.items():
            value = row[column].date() if column in case.dates else row[column]
            assert check(cells[column], value), (column, cells[column], value)
    if case.dataset.unique:
        keys = [tuple(row[column] for column in case.dataset.unique) for row in used]
        numbers = {tuple(map(_plain, key)) for key in keys}
        assert len(numbers) == len(keys)


def _plain(text: str) -> str | int:
    return text if "-" in text[1:] else int(text)


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_a_file_cut_anywhere_within_a_line_is_refused(cut: int) -> None:
    content = GOOD[:cut]
    assert bool(judge_file(PURCHASES.file(content), PURCHASES.schemas).report.violations) == (
        not content.endswith(b"\n") or content.count(b"\n") < 2
    )
