"""Categories are counted in bounded memory: listed, other, unseen, missing."""

import tracemalloc
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ContractError
from drift.sketches.categorical import categories_of, sketch_categories
from drift.sketches.features import MOST_CATEGORIES, CategoricalFeature
from drift.sketches.membership import MOST_BITS, membership_of
from drift.sketches.refusal import Incomparability, Incomparable

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=60)


@settings(deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 5))
def test_every_value_is_listed_other_or_missing(
    trained: list[str | None], values: list[str | None], most: int
) -> None:
    feature = categories_of("colour", trained, most)
    sketch = sketch_categories(feature, values)
    rows = Counter(values)
    assert sketch.rows == len(values)
    assert sketch.missing == rows[None]
    assert sketch.counts == tuple(rows[category] for category in feature.categories)
    seen = {value for value in trained if value is not None}
    assert sketch.unseen <= sum(n for v, n in rows.items() if v is not None and v not in seen)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 5))
def test_training_itself_holds_nothing_unseen(trained: list[str | None], most: int) -> None:
    assert sketch_categories(categories_of("colour", trained, most), trained).unseen == 0


def test_the_most_frequent_categories_are_listed_and_ties_go_by_name() -> None:
    assert categories_of("c", ["b", "a", "z", "z", "y", None], 3).categories == ("z", "a", "b")


def test_a_hundred_thousand_categories_take_bounded_memory_and_new_ones_are_noticed() -> None:
    trained = [f"user-{number}" for number in range(100_000)]
    feature = categories_of("user", trained, 50)
    assert feature.others is not None
    assert len(feature.others.bits) * 8 <= MOST_BITS
    tracemalloc.start()
    sketch = sketch_categories(feature, (f"user-{number}" for number in range(400_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sketch.counts) == 50
    assert sketch.other == 400_000 - 50
    assert sketch.unseen == pytest.approx(300_000, rel=0.03)
    assert peak < 32 * 2**20


def test_few_unseen_values_pass_for_known_and_no_known_one_is_denied() -> None:
    known = membership_of([str(number) for number in range(5000)])
    assert all(str(number) in known for number in range(5000))
    assert sum(str(number) in known for number in range(5000, 15_000)) < 10_000 * 0.03


def test_lone_surrogates_and_the_empty_text_are_categories() -> None:
    feature = categories_of("c", ["", "\ud800", "x"], 1)
    assert sketch_categories(feature, ["", "\ud800", "\udfff"]).unseen == 1


def test_more_listed_categories_than_fit_are_refused() -> None:
    listed = tuple(map(str, range(MOST_CATEGORIES + 1)))
    with pytest.raises(ContractError, match="may list 1000 categories, got 1001"):
        CategoricalFeature(name="c", categories=listed)
    with pytest.raises(ContractError, match="'c' lists a category twice"):
        CategoricalFeature(name="c", categories=("a", "a"))


def test_other_categories_are_refused_with_their_reason() -> None:
    one = sketch_categories(CategoricalFeature(name="c", categories=("a",)), ["a"])
    other = sketch_categories(CategoricalFeature(name="c", categories=("a", "b")), ["a"])
    with pytest.raises(Incomparable, match="'c' has other categories: 1 listed") as refused:
        one.merge(other)
    assert refused.value.why is Incomparability.OTHER_BINS
