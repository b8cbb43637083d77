"""Whatever happens to a file's bytes, it is refused, or read exactly as the card promises."""

from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from job_folders import CHURN

from contracts import moment
from contracts.card import load
from contracts.snapshot import SnapshotFile
from ml.data import DataFile
from ml.tables import read
from ml.validation.judgement import judge_file
from ml.validation.schema import Schemas

CARD = load(CHURN / "card.toml")
SCHEMAS = Schemas(CARD, moment.parse("1997-06-01T00:00:00Z"))
PURCHASES = SCHEMAS.datasets["purchases"]
GOOD = (
    b"customer_id,date,quantity,amount\n"
    b"1,1997-05-02,1,9.5\n2,1997-05-03,2,19\n2,1997-05-30,3,0.99\n4,1997-05-31,1,100.25\n"
)


def file_of(content: bytes) -> DataFile:
    return DataFile(
        listed=SnapshotFile(
            dataset="purchases",
            key="churn/incoming/purchases/1997-05.csv",
            version_id="1",
            sha256=sha256(content).hexdigest(),
            size=len(content),
        ),
        content=content,
    )


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Change a good file by one to four edits of bytes or of lines."""
    content = GOOD
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


@settings(max_examples=400, deadline=None)
@given(mutated())
@pytest.mark.slow
def test_a_mutated_file_is_refused_or_harmless(content: bytes) -> None:
    report = judge_file(file_of(content), SCHEMAS).report
    if report.violations:
        assert all(violation.message for violation in report.violations)
        return
    # Accepted: an independent reading finds only plain rows within the card's bounds, and
    # training reads the very same values.
    lines = content.decode("ascii").replace("\r\n", "\n").replace('"', "").split("\n")
    columns = lines[0].split(",")
    assert sorted(columns) == ["amount", "customer_id", "date", "quantity"]
    assert lines[-1] == ""
    frame = read(content, PURCHASES).frame
    assert len(frame) == len(lines) - 2 == report.rows >= 1
    for line, row in zip(lines[1:-1], frame.to_dict("records"), strict=True):
        cells = dict(zip(columns, line.split(","), strict=True))
        assert row["customer_id"] == int(cells["customer_id"]) >= 1
        assert row["date"].date() == date.fromisoformat(cells["date"]) <= date(1997, 6, 1)
        assert 1 <= row["quantity"] == int(cells["quantity"]) <= 10_000
        assert 0 <= row["amount"] == float(cells["amount"]) <= 100_000


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_a_file_cut_anywhere_within_a_line_is_refused(cut: int) -> None:
    content = GOOD[:cut]
    assert bool(judge_file(file_of(content), SCHEMAS).report.violations) == (
        not content.endswith(b"\n") or content.count(b"\n") < 2
    )
