"""Validation accepts what training can learn from, and says exactly what is wrong with the rest."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.validation import ValidationReport, parse_report

MAY = "purchases/1997-05.csv"
HEADER = b"customer_id,date,quantity,amount\n"
ROW = b"1,1997-05-02,1,9.5\n"
Validate = Callable[..., Path]


def judged(validation: Validate, files: dict[str, bytes], **variables: str) -> ValidationReport:
    return parse_report(json.loads(validation(files, **variables).read_text()))


def refusals(validation: Validate, shop: dict[str, bytes], content: bytes) -> list[str]:
    report = judged(validation, {**shop, MAY: content})
    assert [file.key for file in report.refused] == [f"churn/incoming/{MAY}"]
    return [violation.message for violation in report.refused[0].violations]


def test_good_files_are_accepted_with_their_rows(
    validation: Validate, shop: dict[str, bytes]
) -> None:
    path = validation(shop)
    report = parse_report(json.loads(path.read_text()))
    assert json.loads(path.read_text())["verdict"] == "accepted"
    assert [file.rows for file in report.files] == [
        shop[f"{file.dataset}/{file.key.rpartition('/')[2]}"].count(b"\n") - 1
        for file in report.files
    ]


BROKEN = {
    "missing column": (
        b"customer_id,date,quantity\n1,1997-05-02,1\n",
        f"{MAY}: the header lacks 'amount'; expected customer_id, date, quantity, amount "
        "(rule: columns)",
    ),
    "extra column": (
        HEADER[:-1] + b",note\n1,1997-05-02,1,9.5,x\n",
        f"{MAY}: the header has also 'note'; expected customer_id, date, quantity, amount "
        "(rule: columns)",
    ),
    "renamed column": (
        HEADER.replace(b"amount", b"Amount") + ROW,
        f"{MAY}: the header lacks 'amount' and has also 'Amount'; expected customer_id, date, "
        "quantity, amount (rule: columns)",
    ),
    "repeated column": (
        HEADER[:-1] + b",amount\n1,1997-05-02,1,9.5,9.5\n",
        f"{MAY}: the header repeats 'amount'; expected customer_id, date, quantity, amount "
        "(rule: columns)",
    ),
    "null": (
        HEADER + ROW + b"2,1997-05-02,1,\n",
        f"{MAY}: column 'amount', row 2: the value is missing, expected a number (rule: not_null)",
    ),
    "text in a number": (
        HEADER + ROW + b"2,1997-05-02,1,abc\n",
        f"{MAY}: column 'amount', row 2: 'abc' is not a number (rule: type number)",
    ),
    "NaN": (
        HEADER + b"2,1997-05-02,1,NaN\n",
        f"{MAY}: column 'amount', row 1: 'NaN' is not a number (rule: type number)",
    ),
    "infinity": (
        HEADER + b"2,1997-05-02,1,1e999\n",
        f"{MAY}: column 'amount', row 1: '1e999' is not a number (rule: type number)",
    ),
    "fraction of a whole number": (
        HEADER + b"2,1997-05-02,1.5,9\n",
        f"{MAY}: column 'quantity', row 1: '1.5' is not a whole number (rule: type integer)",
    ),
    "no such day": (
        HEADER + b"2,1997-05-32,1,9\n",
        f"{MAY}: column 'date', row 1: '1997-05-32' is not a date such as 1997-05-31 "
        "(rule: type date)",
    ),
    "too small": (
        HEADER + ROW + b"2,1997-05-02,0,9\n",
        f"{MAY}: column 'quantity', row 2: 0 is out of range (rule: min 1)",
    ),
    "too large": (
        HEADER + ROW + b"2,1997-05-02,1,100001\n",
        f"{MAY}: column 'amount', row 2: 100001.0 is out of range (rule: max 100000)",
    ),
    "future": (
        HEADER + ROW + b"2,1997-06-02,1,9\n",
        f"{MAY}: column 'date', row 2: 1997-06-02 lies in the future of this run "
        "(rule: not_in_the_future)",
    ),
    "empty": (b"", f"{MAY}: the file is empty (rule: not_empty)"),
    "blank": (b"\n\n", f"{MAY}: the file is empty (rule: not_empty)"),
    "header only": (
        HEADER,
        f"{MAY}: 0 data rows, at least 1 are expected (rule: min_rows)",
    ),
    "cut off in a line": (
        HEADER + ROW + b"2,1997-05-02,1",
        f"{MAY}: the last line has no end; the file may be cut off (rule: complete)",
    ),
    "ragged": (
        HEADER + ROW + b"2,1997-05-02,1\n",
        f"{MAY}: row 2: 3 fields where the header has 4 (rule: fields)",
    ),
    "byte order mark": (
        b"\xef\xbb\xbf" + HEADER + ROW,
        f"{MAY}: it starts with a byte order mark; plain UTF-8 is expected (rule: encoding)",
    ),
    "UTF-16": (
        (HEADER + ROW).decode().encode("utf-16"),
        f"{MAY}: it starts with a byte order mark; plain UTF-8 is expected (rule: encoding)",
    ),
    "Latin-1": (
        HEADER + b"2,1997-05-02,1,\xa39\n",
        f"{MAY}: byte 48 is not UTF-8 (rule: encoding)",
    ),
    "NUL": (
        HEADER + b"2,1997-05-02,1,9\x00\n",
        f"{MAY}: byte 49 is NUL; plain UTF-8 is expected (rule: encoding)",
    ),
    "open quote": (
        HEADER + b'2,1997-05-02,1,"9\n',
        f"{MAY}: it is not CSV: unexpected end of data (rule: csv)",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_is_refused_naming_file_column_row_and_rule(
    validation: Validate, shop: dict[str, bytes], fault: str
) -> None:
    content, message = BROKEN[fault]
    assert refusals(validation, shop, content) == [message]


def test_a_null_label_is_refused(validation: Validate, shop: dict[str, bytes]) -> None:
    name = "labels/1997-02-01.csv"
    report = judged(validation, {**shop, name: shop[name] + b"9999,1997-02-01,\n"})
    (violation,) = report.refused[0].violations
    row = shop[name].count(b"\n")
    assert violation.message == (
        f"{name}: column 'churned', row {row}: the value is missing, "
        "expected a whole number (rule: not_null)"
    )
    assert (violation.rule, violation.column, violation.row) == ("not_null", "churned", row)


def test_a_key_that_occurs_twice_is_refused_once(
    validation: Validate, shop: dict[str, bytes]
) -> None:
    name = "labels/1997-02-01.csv"
    content = b"customer_id,snapshot_date,churned\n7,1997-02-01,1\n8,1997-02-01,1\n7,1997-02-01,0\n"
    report = judged(validation, {**shop, name: content})
    assert [violation.message for violation in report.refused[0].violations] == [
        f"{name}: column 'customer_id, snapshot_date', row 3: the key occurs again (rule: unique)"
    ]


def test_a_label_that_claims_to_be_known_before_its_window_closed_is_refused(
    validation: Validate, shop: dict[str, bytes]
) -> None:
    report = judged(validation, shop, PERENNIAL_AS_OF="1997-05-30T23:59:59Z")
    labels = next(f for f in report.refused if f.dataset == "labels")
    assert labels.violations[0].message == (
        "labels/1997-04-01.csv: column 'snapshot_date', row 1: 1997-04-01 is labelled before its "
        "window closed (rule: label_window_closed)"
    )


def test_all_files_are_judged_whatever_the_first_one_holds(
    validation: Validate, shop: dict[str, bytes]
) -> None:
    report = judged(validation, {**shop, "labels/1997-02-01.csv": b"", MAY: HEADER})
    assert len(report.files) == len(shop)
    assert {file.key for file in report.refused} == {
        "churn/incoming/labels/1997-02-01.csv",
        f"churn/incoming/{MAY}",
    }


def test_many_violations_are_counted_rather_than_listed(
    validation: Validate, shop: dict[str, bytes]
) -> None:
    messages = refusals(validation, shop, HEADER + b"1,1997-05-02,1,x\n" * 100)
    assert len(messages) == 21
    assert messages[-1] == f"{MAY}: 80 more violations are not listed (rule: more)"


def test_columns_may_come_in_another_order(validation: Validate, shop: dict[str, bytes]) -> None:
    content = b"amount,quantity,date,customer_id\n9.5,1,1997-05-02,1\n"
    assert not judged(validation, {**shop, MAY: content}).refused
