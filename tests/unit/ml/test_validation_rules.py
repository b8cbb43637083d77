"""The card's rules, each on a card that has it: what is set aside, refused, or ends the run."""

import csv
import io
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from contracts import moment
from contracts.card import ModelCard, parse
from contracts.layout import dataset_prefix
from contracts.profile import Profile, parse_profile
from contracts.snapshot import SnapshotFile
from contracts.validation import FileReport, Verdict
from ml.data import DataFile, kept
from ml.tables import read
from ml.validation.judging import Outcome, judge
from ml.validation.page import render
from ml.validation.schema import Schemas

AS_OF = "2026-03-10T00:00:00Z"
DOCUMENT: dict[str, Any] = {
    "model": {
        "name": "returns",
        "task": "binary_classification",
        "description": "d",
        "owner": "o",
        "label": "returned",
        "label_window_days": 0,
    },
    "datasets": [
        {
            "name": "orders",
            "unique": ["id"],
            "min_rows": 2,
            "max_rows": 2000,
            "time": "day",
            "max_age_days": 30,
            "columns": [
                {"name": "id", "type": "integer", "compared": False},
                {"name": "day", "type": "date"},
                {"name": "channel", "type": "text", "allowed": ["shop", "web", "a, b"]},
                {"name": "price", "type": "number", "min": 0, "max": 100, "nullable": True},
            ],
        },
        {
            "name": "outcomes",
            "columns": [
                {"name": "id", "type": "integer", "compared": False},
                {"name": "returned", "type": "integer", "min": 0, "max": 1},
            ],
        },
    ],
    "features": [{"name": "price"}],
    "gate": {"floor": 0.5},
    "validation": {},
}
ORDERS = "id,day,channel,price\n"
LABELS = "id,returned\n" + "".join(f"{i},{i % 2}\n" for i in range(10))


def card(**validation: Any) -> ModelCard:
    return parse({**DOCUMENT, "validation": validation})


def orders(rows: int, *, channel: str = "web", start: int = 0, price: float = 0) -> str:
    return ORDERS + "".join(
        f"{start + i},2026-03-01,{channel},{price + i % 50}\n" for i in range(rows)
    )


def judged(
    files: dict[str, str], *, of: ModelCard | None = None, before: Profile | None = None
) -> Outcome:
    found = of or card()
    return judge(
        [_file(name, text.encode(), found.name) for name, text in files.items()],
        Schemas(found, moment.parse(AS_OF)),
        run_id="returns-dev-1",
        as_of=AS_OF,
        snapshot_digest="d" * 64,
        before=before,
    )


def _file(name: str, content: bytes, model: str) -> DataFile:
    dataset, _, rest = name.partition("/")
    listed = SnapshotFile(
        dataset=dataset,
        key=dataset_prefix(model, dataset) + rest,
        version_id="1",
        sha256=sha256(content).hexdigest(),
        size=len(content),
    )
    return DataFile(listed=listed, content=content)


def the_file(outcome: Outcome, name: str) -> FileReport:
    [found] = [file for file in outcome.report.files if file.key.endswith(name)]
    return found


def rules(file: FileReport) -> list[str]:
    return [violation.rule for violation in file.violations]


def test_a_text_that_is_no_category_is_named() -> None:
    outcome = judged({"orders/a.csv": orders(3) + "9,2026-03-01,fax,1\n", "outcomes/a.csv": LABELS})
    [violation] = the_file(outcome, "orders/a.csv").violations
    assert violation.message == (
        "orders/a.csv: column 'channel', row 4: 'fax' is none of its categories (rule: allowed)"
    )
    quoted = ORDERS + '1,2026-03-01,"a, b",1\n2,2026-03-01,web,1\n'
    assert judged({"orders/a.csv": quoted, "outcomes/a.csv": LABELS}).report.refused == ()


def test_a_missing_value_is_fine_where_the_card_says_so_and_nowhere_else() -> None:
    missing = orders(3) + "9,2026-03-01,web,\n"
    assert not judged({"orders/a.csv": missing, "outcomes/a.csv": LABELS}).report.refused
    outcome = judged({"orders/a.csv": orders(3) + "9,,web,1\n", "outcomes/a.csv": LABELS})
    assert rules(the_file(outcome, "orders/a.csv")) == ["not_null"]


@pytest.mark.parametrize(("rows", "rule"), [(1, ["min_rows"]), (2001, ["max_rows"]), (2000, [])])
def test_a_file_has_as_many_rows_as_the_card_expects(rows: int, rule: list[str]) -> None:
    outcome = judged({"orders/a.csv": orders(rows), "outcomes/a.csv": LABELS})
    assert rules(the_file(outcome, "orders/a.csv")) == rule


def test_few_bad_rows_are_set_aside_each_with_its_rule_and_the_file_is_used_without_them() -> None:
    text = orders(38) + '50,2026-03-01,web,"1e9"\n3,2026-03-01,web,x\n'
    files = {"orders/2026/a.csv": text, "outcomes/a.csv": LABELS}

    outcome = judged(files, of=card(max_bad_row_share=0.05))

    file = the_file(outcome, "orders/2026/a.csv")
    assert (file.refused, file.set_aside, file.rows) == (False, (39, 40), 40)
    assert sorted(rules(file)) == ["max 100", "type number", "unique"]
    assert outcome.report.verdict is Verdict.IN_PART
    assert outcome.report.datasets[0].rows == 38
    [(name, content)] = outcome.set_aside.items()
    assert name == "set_aside/orders/2026/a.csv.rows.csv"
    written = list(csv.DictReader(io.StringIO(content.decode())))
    assert {(row["row"], row["rule"], row["id"], row["price"]) for row in written} == {
        ("39", "max 100", "50", "1e9"),
        ("40", "type number", "3", "x"),
        ("40", "unique", "3", "x"),
    }
    assert written[0]["message"].startswith("orders/a.csv: column 'price', row")


def test_more_bad_rows_than_the_card_allows_refuse_the_file() -> None:
    files = {"orders/a.csv": orders(38) + "x,,,\ny,,,\n", "outcomes/a.csv": LABELS}
    assert judged(files, of=card(max_bad_row_share=0.049)).report.refused
    assert judged(files).report.refused
    outcome = judged(files, of=card(max_bad_row_share=0.05))
    assert not outcome.report.refused
    assert len(outcome.set_aside["set_aside/orders/a.csv.rows.csv"].splitlines()) > 2


def test_what_is_left_must_still_be_enough() -> None:
    text = ORDERS + "1,2026-03-01,web,1\n2,2026-03-01,web,x\n"
    outcome = judged(
        {"orders/a.csv": text, "outcomes/a.csv": LABELS}, of=card(max_bad_row_share=0.5)
    )
    assert "min_rows" in rules(the_file(outcome, "orders/a.csv"))


def test_a_rare_class_refuses_a_file_of_labels() -> None:
    labels = "id,returned\n" + "".join(f"{i},{int(i == 0)}\n" for i in range(100))
    files = {"orders/a.csv": orders(3), "outcomes/a.csv": LABELS, "outcomes/b.csv": labels}
    outcome = judged(files, of=card(min_class_share=0.02))
    assert the_file(outcome, "outcomes/b.csv").violations[0].message == (
        "outcomes/b.csv: label 1 is 1.00% of the rows, at least 2.00% are expected "
        "(rule: min_class_share)"
    )
    assert not judged(files, of=card(min_class_share=0.01)).report.refused
    turned = labels.replace(",0", ",2").replace(",1", ",0").replace(",2", ",1")
    outcome = judged({**files, "outcomes/b.csv": turned}, of=card(min_class_share=0.02))
    assert "label 0 is" in the_file(outcome, "outcomes/b.csv").violations[0].message


def test_labels_of_one_class_end_the_run() -> None:
    ones = "id,returned\n1,1\n2,1\n"
    outcome = judged({"orders/a.csv": orders(3), "outcomes/a.csv": ones})
    assert [each.message for each in outcome.report.broken] == [
        "dataset outcomes: the labels are all of [1]; a classifier needs rows of 0 and of 1 "
        "(rule: both_classes)"
    ]
    assert outcome.report.verdict is Verdict.REJECTED
    both = judged({"orders/a.csv": orders(3), "outcomes/a.csv": ones, "outcomes/b.csv": LABELS})
    assert both.report.verdict is Verdict.ACCEPTED


def test_data_that_are_too_old_end_the_run() -> None:
    files = {"orders/a.csv": orders(3), "outcomes/a.csv": LABELS}
    old = {**files, "orders/a.csv": files["orders/a.csv"].replace("2026-03-01", "2026-02-07")}
    [violation] = judged(old).report.broken
    assert violation.message == (
        "dataset orders: the newest day is 2026-02-07, 31 days before this run; at most 30 are "
        "expected (rule: max_age_days)"
    )
    limit = {**files, "orders/a.csv": files["orders/a.csv"].replace("2026-03-01", "2026-02-08")}
    assert judged(limit).report.broken == ()
    both = {**old, "orders/b.csv": orders(3)}
    assert judged(both).report.broken == ()


def test_a_dataset_whose_files_are_all_refused_ends_the_run() -> None:
    outcome = judged({"orders/a.csv": "nonsense\n", "outcomes/a.csv": LABELS})
    assert [each.message for each in outcome.report.broken] == [
        "dataset orders: no file is left that could be used (rule: has_files)"
    ]


def test_one_refused_file_ends_the_run_only_when_the_card_says_so() -> None:
    files = {"orders/a.csv": orders(3), "orders/b.csv": "nonsense\n", "outcomes/a.csv": LABELS}
    assert judged(files).report.verdict is Verdict.IN_PART
    assert judged(files, of=card(on_refused_file="stop")).report.verdict is Verdict.REJECTED


def test_the_range_of_time_is_of_the_rows_that_are_used() -> None:
    text = orders(38) + "90,2026-03-05,web,5\n91,2026-03-09,web,x\n"
    files = {"orders/a.csv": text, "outcomes/a.csv": LABELS}
    file = the_file(judged(files, of=card(max_bad_row_share=0.1)), "orders/a.csv")
    assert (file.first, file.last) == ("2026-03-01", "2026-03-05")


FIRST = {"orders/a.csv": orders(500), "outcomes/a.csv": LABELS}
BOUND = {"max_psi": 0.2, "min_psi_rows": 100}


def test_a_new_file_of_another_distribution_is_refused_by_column() -> None:
    before = judged(FIRST).profile
    same = orders(400, start=1000)
    far = orders(400, start=1000, price=40)
    files = {**FIRST, "orders/b.csv": same, "orders/c.csv": far}
    outcome = judged(files, of=card(**BOUND), before=parse_profile(before.document()))
    assert [file.key for file in outcome.report.refused] == ["returns/incoming/orders/c.csv"]
    [violation] = outcome.report.refused[0].violations
    assert (violation.rule, violation.column) == ("max_psi", "price")
    assert "against what returns-dev-1 accepted, at most 0.2 is expected" in violation.message


MISSING = ORDERS + "".join(
    f"{1000 + i},2026-03-01,web,{i % 50 if i % 2 else ''}\n" for i in range(400)
)


@pytest.mark.parametrize(
    "text", [orders(400, start=1000, channel="shop"), MISSING], ids=["category", "missing"]
)
def test_other_categories_and_missing_values_are_another_distribution(text: str) -> None:
    before = judged(FIRST).profile
    outcome = judged({**FIRST, "orders/b.csv": text}, of=card(**BOUND), before=before)
    assert rules(the_file(outcome, "b.csv")) == ["max_psi"]


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("too few rows", {"min_psi_rows": 401}),
        ("nothing is asked", {"max_psi": None}),
    ],
)
def test_a_file_is_not_compared_when(why: str, changes: dict[str, Any]) -> None:
    before = judged(FIRST).profile
    files = {**FIRST, "orders/b.csv": orders(400, start=1000, price=40)}
    assert judged(files, of=card(**BOUND), before=before).report.refused
    assert not judged(files, of=card(**{**BOUND, **changes}), before=before).report.refused


def test_what_was_accepted_is_not_compared_again_and_a_changed_file_is() -> None:
    mixed = {**FIRST, "orders/z.csv": orders(120, start=9000, price=45)}
    before = judged(mixed).profile
    assert not judged(mixed, of=card(**BOUND), before=before).report.refused
    changed = {**mixed, "orders/z.csv": orders(121, start=9000, price=45)}
    assert judged(changed, of=card(**BOUND), before=before).report.refused


def test_a_profile_is_of_the_accepted_rows_alone() -> None:
    files = {**FIRST, "orders/b.csv": "nonsense\n"}
    profile = judged(files).profile
    assert sorted(profile.files) == [
        "returns/incoming/orders/a.csv",
        "returns/incoming/outcomes/a.csv",
    ]
    columns = {(each.dataset, each.column): each for each in profile.columns}
    assert set(columns) == {("orders", "channel"), ("orders", "price"), ("outcomes", "returned")}
    assert sum(columns["orders", "price"].counts) == 500
    assert columns["orders", "channel"].categories == ("web",)
    assert columns["orders", "channel"].counts == (500, 0)


def test_a_column_that_became_another_type_is_not_compared() -> None:
    before = judged(FIRST).profile
    text = replace(
        before,
        columns=tuple(
            replace(each, cuts=(), categories=("x",), counts=(1, 1))
            if each.column == "price"
            else each
            for each in before.columns
        ),
    )
    files = {**FIRST, "orders/b.csv": orders(400, start=1000, price=40)}
    assert not judged(files, of=card(**BOUND), before=text).report.refused


def test_the_page_names_files_rules_and_verdict_and_runs_nothing_of_the_data() -> None:
    evil = orders(38) + "50,2026-03-01,<script>alert(1)</script>,5\n"
    files = {"orders/a.csv": evil, "orders/b.csv": "nonsense\n", "outcomes/a.csv": LABELS}
    found = card(max_bad_row_share=0.05)
    page = render(judged(files, of=found).report, found)
    assert "Accepted in part" in page
    assert "orders/a.csv" in page
    assert "(rule: columns)" in page
    assert "channel: text one of shop, web, a, b" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert len(page) < 20_000
    assert "http" not in page.replace("http-equiv", "")


def test_rows_that_are_used_hold_every_rule_by_themselves() -> None:
    """What is left of a file in which rows were set aside would be accepted as a file."""
    text = orders(38) + "50,2026-03-01,fax,5\n3,2026-03-01,web,7\n"
    found = card(max_bad_row_share=0.05)
    outcome = judged({"orders/a.csv": text, "outcomes/a.csv": LABELS}, of=found)
    dataset = found.datasets[0]
    rest = kept(
        read(text.encode(), dataset).frame, dataset, the_file(outcome, "orders/a.csv").set_aside
    )
    again = {"orders/a.csv": rest.to_csv(index=False), "outcomes/a.csv": LABELS}
    assert judged(again).report.verdict is Verdict.ACCEPTED
