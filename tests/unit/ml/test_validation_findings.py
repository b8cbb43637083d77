"""What a finding holds beside its sentence: the rule, column, row and value that others read."""

from hashlib import sha256
from typing import NoReturn

import pandas as pd
import pytest
from test_validation_rules import LABELS, ORDERS, card, judged, orders, the_file

from contracts import moment
from contracts.card import Dataset
from contracts.snapshot import SnapshotFile
from contracts.validation import Verdict
from ml.data import DataFile
from ml.validation.judgement import judge_file
from ml.validation.schema import Schemas


def findings(lines: str) -> list[tuple[str, str | None, int | None, str | None]]:
    outcome = judged({"orders/a.csv": ORDERS + lines, "outcomes/a.csv": LABELS})
    return [
        (one.rule, one.column, one.row, one.value)
        for one in the_file(outcome, "orders/a.csv").violations
    ]


GOOD = "1,2026-03-01,web,1\n2,2026-03-02,web,1\n"


@pytest.mark.parametrize(
    ("lines", "finding"),
    [
        (GOOD + "3,2026-03-01,web,101\n", ("max 100", "price", 3, "101.0")),
        (GOOD + "3,2026-03-01,web,-1\n", ("min 0", "price", 3, "-1.0")),
        (GOOD + "3,2026-03-01,fax,1\n", ("allowed", "channel", 3, "fax")),
        (GOOD + "3,2026-03-01,web,x\n", ("type number", "price", 3, "x")),
        (GOOD + "3,2026-03-11,web,1\n", ("not_in_the_future", "day", 3, "2026-03-11")),
        (GOOD + "2,2026-03-01,web,1\n", ("unique", "id", 3, "2")),
        (f"9,2026-03-01,{'y' * 90},1\n{GOOD}", ("allowed", "channel", 1, "y" * 80)),
        (GOOD + "3,,web,1\n", ("not_null", "day", 3, "")),
    ],
)
def test_a_finding_names_rule_column_row_and_value(
    lines: str, finding: tuple[str, str, int, str]
) -> None:
    assert findings(lines)[0] == finding


def test_a_finding_of_a_whole_dataset_names_its_rule_and_column() -> None:
    old = orders(3).replace("2026-03-01", "2026-01-01")
    outcome = judged({"orders/a.csv": old, "outcomes/a.csv": LABELS.replace(",1\n", ",0\n")})

    found = {
        (one.rule, one.column, one.row, one.value)
        for dataset in outcome.report.datasets
        for one in dataset.violations
    }
    assert found == {
        ("max_age_days", "day", None, None),
        ("both_classes", "returned", None, None),
    }
    assert outcome.report.verdict is Verdict.REJECTED


def test_rows_set_aside_are_plain_lines_of_csv() -> None:
    lines = orders(20) + "99,2026-03-01,fax,1\n"
    outcome = judged(
        {"orders/a.csv": lines, "outcomes/a.csv": LABELS}, of=card(max_bad_row_share=0.5)
    )

    [aside] = outcome.set_aside.values()
    assert b"\r" not in aside
    assert aside.count(b"\n") == 2


class BrokenJudge(Schemas):
    """Fails in a way that nobody foresaw."""

    def of(self, dataset: Dataset, frame: pd.DataFrame) -> NoReturn:
        raise RuntimeError(f"cannot judge {dataset.name}")


def test_a_file_that_breaks_the_judge_is_refused_and_says_how() -> None:
    content = (ORDERS + GOOD).encode()
    listed = SnapshotFile(
        dataset="orders",
        key="returns/incoming/orders/a.csv",
        version_id="1",
        sha256=sha256(content).hexdigest(),
        size=len(content),
    )
    schemas = BrokenJudge(card(), moment.parse("2026-03-10T00:00:00Z"))

    found = judge_file(DataFile(listed=listed, content=content), schemas)

    assert found.report.refused
    assert (found.report.rows, found.frame, found.bad_rows) == (0, None, ())
    [finding] = found.report.violations
    assert (finding.rule, finding.column, finding.row) == ("readable", None, None)
    assert finding.message == ("orders/a.csv: RuntimeError: cannot judge orders (rule: readable)")


def test_of_many_rows_set_aside_twenty_are_listed_and_the_others_counted() -> None:
    bad = "".join(f"{1000 + number},2026-03-01,fax,1\n" for number in range(25))
    outcome = judged(
        {"orders/a.csv": orders(100) + bad, "outcomes/a.csv": LABELS},
        of=card(max_bad_row_share=0.5),
    )

    file = the_file(outcome, "orders/a.csv")
    assert not file.refused
    assert len(file.set_aside) == 25
    assert len(file.violations) == 21
    assert file.violations[-1].message == (
        "orders/a.csv: 5 more violations are not listed (rule: more)"
    )


def test_a_dataset_of_refused_files_alone_has_no_rows() -> None:
    outcome = judged({"orders/a.csv": "nothing\n", "outcomes/a.csv": LABELS})

    rows = {dataset.dataset: dataset.rows for dataset in outcome.report.datasets}
    assert rows == {"orders": 0, "outcomes": 10}
