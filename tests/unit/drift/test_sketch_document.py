"""A sketch survives being a JSON document; a document that is none is refused by name."""

import json
from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.baseline import Baseline
from contracts.errors import ContractError
from drift.binning import baseline_of
from drift.sketches.baseline import feature_baselines, plan_of, sketch_baseline
from drift.sketches.categorical import categories_of
from drift.sketches.document import parse_window, window_document
from drift.sketches.features import NumericFeature
from drift.sketches.rows import sketch_rows
from drift.sketches.window import WindowSketch, empty_window

PLAN = (
    NumericFeature(name="spend", cuts=(0.0, 1.5), minimum=0.0),
    categories_of("plan", ["0", "1", "2", "2"], most=2),
)


def window() -> WindowSketch:
    return sketch_rows(PLAN, np.array([[0.5, 2], [nan, 1], [inf, 9], [-7.25, nan]]))


def read_again(sketch: WindowSketch) -> WindowSketch:
    return parse_window(json.loads(json.dumps(window_document(sketch), allow_nan=False)))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(), st.integers(-2, 9).map(float)), max_size=30))
def test_a_document_is_the_sketch_again(rows: list[tuple[float, float]]) -> None:
    sketch = sketch_rows(PLAN, np.array(rows, np.float64).reshape(-1, 2))
    assert read_again(sketch) == sketch


def test_an_empty_window_and_one_of_many_values_are_read_again() -> None:
    assert read_again(empty_window(PLAN)) == empty_window(PLAN)
    big = sketch_baseline(["f"], np.random.default_rng(0).normal(size=(10_000, 1)), bins=10)
    assert read_again(big) == big
    assert len(json.dumps(window_document(big))) < 5000


def spoilt(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = window_document(window())
    change(document)
    return document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "window sketch must be a table"),
        ({}, "window sketch lacks the field 'schema'"),
        (
            spoilt(lambda d: d.update(schema="other/2")),
            "schema must be 'perennial.window-sketch/1'",
        ),
        (spoilt(lambda d: d.update(more=1)), "unknown field 'more'"),
        (spoilt(lambda d: d.update(rows=5)), "a window of 5 rows has 4 of 'spend'"),
        (spoilt(lambda d: d["features"][0].update(kind="text")), r"features\[0\].kind must be one"),
        (spoilt(lambda d: d["features"][0].update(counts=[1, 2])), "has 3 bins, got 2 counts"),
        (spoilt(lambda d: d["features"][0].update(counts=[1, 1, -1])), "must be whole numbers"),
        (spoilt(lambda d: d["features"][0].update(cuts=[2, 1])), "cuts in ascending order"),
        (spoilt(lambda d: d["features"][0].update(least=None)), "counts 2 finite values"),
        (spoilt(lambda d: d["features"][0].update(distinct="?")), "distinct is damaged"),
        (spoilt(lambda d: d["features"][0].update(distinct="AAAA")), "3 bytes are no list"),
        (spoilt(lambda d: d["features"][0].update(distinct=7)), "distinct must be a text, got 7"),
        (spoilt(lambda d: d["features"][0].update(m2=nan)), "m2 must be a finite number"),
        (spoilt(lambda d: d["features"][1].update(others="AAAA")), "power of two of bytes, got 3"),
        (spoilt(lambda d: d["features"][1].update(unseen=9)), "has 9 unseen of"),
        (spoilt(lambda d: d["features"][1].update(categories="ab")), "must be a list of texts"),
        (spoilt(lambda d: d["features"].append(d["features"][0])), "two features of one name"),
    ],
)
def test_what_is_no_sketch_is_refused_by_name(document: object, said: str) -> None:
    with pytest.raises(ContractError, match=said):
        parse_window(document)


def test_a_baseline_of_before_plans_windows_and_a_sketch_says_such_a_baseline() -> None:
    column = [1.0, 2.0, 2.0, 3.0, nan, 9.0]
    feature = baseline_of("spend", column, bins=3)
    before = Baseline(model="m", run_id="r", snapshot_date="d", rows=6, features=(feature,))
    plan = plan_of(before, {"spend": (0.0, 5.0)})
    assert plan == (NumericFeature(name="spend", cuts=feature.cuts, minimum=0.0, maximum=5.0),)
    sketch = sketch_rows(plan, np.array(column).reshape(-1, 1))
    assert feature_baselines(sketch) == (feature,)
