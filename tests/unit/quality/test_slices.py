"""Slices mean the same in every window, and many of them do not cry wolf more often than one."""

from dataclasses import replace

import numpy as np
import pytest

from contracts.baseline import Baseline, FeatureBaseline
from contracts.card_quality import QualitySlice
from contracts.quality_report import Comparison
from quality.slices import holm, mask_of, quarters, slices_of
from tests.unit.quality.cases import quality

AGE = FeatureBaseline(
    name="age", cuts=(20.0, 30.0, 40.0, 50.0), counts=(10, 10, 4, 8, 8), missing=3
)
OLD = QualitySlice(name="old", feature="age", minimum=60, maximum=None)


def comparison(chance: float) -> Comparison:
    return Comparison(
        subject="s",
        against="a",
        reference=1,
        value=1,
        fall=0,
        chance=chance,
        limit=1,
        fallen=False,
    )


def test_automatic_slices_are_the_baselines_quarters() -> None:
    assert [(part.name, part.minimum, part.maximum) for part in quarters(AGE)] == [
        ("age < 20", None, 20),
        ("20 <= age < 30", 20, 30),
        ("30 <= age < 50", 30, 50),
        ("50 <= age", 50, None),
    ]
    flat = replace(AGE, cuts=(), counts=(40,))
    assert quarters(flat) == ()


def test_the_cards_slices_come_first_and_unknown_baselines_have_none() -> None:
    card = quality(slices=(OLD,), automatic_slices=("age", "size"))
    baseline = Baseline(model="m", run_id="r", snapshot_date="d", rows=43, features=(AGE,))
    assert [one.name for one in slices_of(card, baseline)][:2] == ["old", "age < 20"]
    assert slices_of(card, None) == (OLD,)


@pytest.mark.parametrize(
    ("value", "mask"),
    [(10.0, 1), (20.0, 2), (29.9, 2), (30.0, 4), (70.0, 8), (None, 0), (float("nan"), 0)],
)
def test_a_row_lies_in_the_slice_that_begins_at_or_below_it(value, mask: int) -> None:
    assert mask_of({"age": value}, quarters(AGE)) == mask
    assert mask_of({}, quarters(AGE)) == 0


def test_holm_stops_at_the_first_that_is_not_rare_enough() -> None:
    chances = [0.016, 0.0001, 0.024, 0.013, 0.5]  # 0.016 and 0.024 would pass alone
    judged = holm([comparison(chance) for chance in chances], 0.05)

    assert [one.fallen for one in judged] == [False, True, False, False, False]
    assert judged[1].limit == pytest.approx(0.01)
    assert [one.fallen for one in holm([comparison(0.011), comparison(0.024)], 0.05)] == [True] * 2


def test_of_many_slices_none_of_which_fell_any_is_called_fallen_as_often_as_asked() -> None:
    draw, found, uncorrected = np.random.default_rng(1), [], []
    for _ in range(4000):
        chances = draw.random(20)
        found.append(any(one.fallen for one in holm([comparison(c) for c in chances], 0.05)))
        uncorrected.append(chances.min() <= 0.05)
    assert np.mean(found) == pytest.approx(0.05, abs=0.01)
    assert np.mean(uncorrected) > 0.5
