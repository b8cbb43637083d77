"""Sketches of parts, merged in any order, are the sketch of everything."""

from collections.abc import Sequence
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drift.sketches.categorical import sketch_categories
from drift.sketches.features import CategoricalFeature, Feature, NumericFeature
from drift.sketches.numeric import NumericSketch
from drift.sketches.refusal import Incomparability, Incomparable
from drift.sketches.rows import category_of, sketch_rows
from drift.sketches.window import FeatureSketch, WindowSketch, empty_window, merge_windows

PLAN: tuple[Feature, ...] = (
    NumericFeature(name="spend", cuts=(0.0, 1.0, 2.5), minimum=-1.0, maximum=4.0),
    NumericFeature(name="visits", cuts=()),
    CategoricalFeature(name="plan", categories=("0", "1", "2.5")),
)
VALUE = st.one_of(
    st.floats(-1e6, 1e6), st.integers(-2, 5).map(float), st.sampled_from([nan, inf, -inf, -0.0])
)
ROWS = st.lists(st.tuples(VALUE, VALUE, VALUE), max_size=40)


def sketch_of(rows: Sequence[tuple[float, ...]]) -> WindowSketch:
    return sketch_rows(PLAN, np.array(rows, np.float64).reshape(-1, len(PLAN)))


def assert_same(one: WindowSketch, other: WindowSketch) -> None:
    """All but moments' last digits are equal."""
    assert [_exact(sketch) for sketch in one.features] == [_exact(s) for s in other.features]
    for left, right in zip(one.features, other.features, strict=True):
        if isinstance(left, NumericSketch) and isinstance(right, NumericSketch):
            scale = max(abs(left.least or 0), abs(left.most or 0)) ** 2 * left.moments.count
            assert left.moments.count == right.moments.count
            assert left.moments.mean == pytest.approx(right.moments.mean, rel=1e-9, abs=1e-9)
            assert left.moments.m2 == pytest.approx(right.moments.m2, rel=1e-9, abs=1e-12 * scale)


def _exact(sketch: FeatureSketch) -> object:
    if not isinstance(sketch, NumericSketch):
        return sketch
    return {name: getattr(sketch, name) for name in sketch.__slots__ if name != "moments"}


@settings(deadline=None)
@given(ROWS, ROWS, ROWS)
def test_merging_is_associative_and_equals_sketching_everything_at_once(
    a: list[tuple[float, ...]], b: list[tuple[float, ...]], c: list[tuple[float, ...]]
) -> None:
    one, two, three = sketch_of(a), sketch_of(b), sketch_of(c)
    everything = sketch_of(a + b + c)
    assert_same(one.merge(two).merge(three), everything)
    assert_same(one.merge(two.merge(three)), everything)


@settings(deadline=None)
@given(ROWS, ROWS)
def test_merging_does_not_depend_on_the_order(
    a: list[tuple[float, ...]], b: list[tuple[float, ...]]
) -> None:
    assert_same(sketch_of(a).merge(sketch_of(b)), sketch_of(b).merge(sketch_of(a)))


@settings(deadline=None)
@given(ROWS)
def test_nothing_merged_changes_nothing(rows: list[tuple[float, ...]]) -> None:
    sketch = sketch_of(rows)
    assert empty_window(PLAN).merge(sketch) == sketch
    assert sketch.merge(empty_window(PLAN)) == sketch


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 9))
def test_many_values_merge_as_exactly_as_few(seed: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(20_000, 3))
    matrix[:, 2] = np.round(matrix[:, 2])
    matrix[rng.random(matrix.shape) < 0.02] = nan
    split = [sketch_rows(PLAN, part) for part in np.array_split(matrix, parts)]
    assert_same(merge_windows(PLAN, split), sketch_rows(PLAN, matrix))


def test_threads_and_layouts_count_alike() -> None:
    rng = np.random.default_rng(8)
    matrix = np.round(rng.normal(size=(150_000, 3)), 1)
    whole = sketch_rows(PLAN, matrix)
    assert_same(sketch_rows(PLAN, matrix, threads=2), whole)
    assert_same(sketch_rows(PLAN, np.asfortranarray(matrix)), whole)
    assert_same(sketch_rows(PLAN, matrix[::-1]), whole)
    numeric = PLAN[:2]
    assert_same(
        sketch_rows(numeric, np.asfortranarray(matrix[:, :2])), sketch_rows(numeric, matrix[:, :2])
    )


def test_single_precision_integers_and_booleans_are_numbers_too() -> None:
    plan = (NumericFeature(name="flag", cuts=(1.0,)), NumericFeature(name="n", cuts=(2.0,)))
    for kind in (np.bool_, np.int64, np.float32):
        sketch = sketch_rows(plan, np.array([[0, 0], [1, 1], [1, 1]], kind))
        assert [s.counts for s in sketch.features if isinstance(s, NumericSketch)] == [
            (1, 2),
            (3, 0),
        ]
        assert all(s.distinct.estimate == 2 for s in sketch.features if hasattr(s, "distinct"))


def test_a_window_without_rows_or_without_features_is_a_window() -> None:
    assert sketch_of([]) == empty_window(PLAN)
    assert sketch_rows((), np.zeros((5, 0))) == WindowSketch(rows=5, features=())


@pytest.mark.parametrize("shape", [(4, 2), (4, 4), (3,)])
def test_rows_of_another_width_are_refused_with_their_reason(shape: tuple[int, ...]) -> None:
    with pytest.raises(Incomparable, match="rows must have 3 columns, got an array") as refused:
        sketch_rows(PLAN, np.zeros(shape))
    assert refused.value.why is Incomparability.OTHER_FEATURES


def test_windows_of_other_features_are_not_merged() -> None:
    with pytest.raises(Incomparable, match="other features: spend, visits, plan; plan") as refused:
        sketch_of([]).merge(empty_window(PLAN[::-1]))
    assert refused.value.why is Incomparability.OTHER_FEATURES


def test_a_number_is_not_merged_with_a_category() -> None:
    other = (PLAN[0], PLAN[1], NumericFeature(name="plan", cuts=()))
    with pytest.raises(Incomparable, match="'plan' is categorical, the other's numeric") as refused:
        sketch_of([]).merge(empty_window(other))
    assert refused.value.why is Incomparability.OTHER_KIND


def test_numbers_that_name_categories_are_counted_as_texts_are() -> None:
    column = [0.0, -0.0, 1.0, 2.5, 7.0, nan]
    texts = sketch_categories(PLAN[2], map(category_of, column))  # type: ignore[arg-type]
    assert sketch_of([(0.0, 0.0, value) for value in column]).features[2] == texts
    assert (texts.counts, texts.unseen, texts.missing) == ((2, 1, 1), 1, 1)
