"""Figures are what the reference implementations say, whole, in parts and in bounded memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.quality import Task
from quality.rankings import by_list
from quality.ranks import FULL, Ranks, Roc
from quality.ratios import terms
from quality.tally import Tally
from quality.units import GROUPS, codes_of, groups_of
from quality.window import window_of
from tests.unit.quality.cases import BINARY, joined, quality

CARD = quality()


def classified(rows: int = 3000, seed: int = 1, decimals: int = 12):
    draw = np.random.default_rng(seed)
    labels = (draw.random(rows) < 0.3).astype(float)
    scores = np.round(1 / (1 + np.exp(-(2 * labels - 1 + draw.normal(size=rows)))), decimals)
    return labels, scores, codes_of([f"customer {n}" for n in draw.integers(0, 700, rows)])


def regressed(rows: int = 3000, seed: int = 2):
    draw = np.random.default_rng(seed)
    labels = draw.gamma(2, 50, rows)
    labels[:50] = 0
    return labels, labels + draw.normal(0, 9, rows), codes_of([str(n) for n in range(rows)])


@pytest.mark.parametrize("decimals", [12, 1], ids=["few ties", "many ties"])
def test_a_classifiers_figures_are_scikit_learns(decimals: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed here")
    labels, scores, units = classified(decimals=decimals)
    tally = Tally.of(BINARY, CARD, (labels, scores, units))
    said = scores >= 0.5

    for name, wanted in (
        ("auc", metrics.roc_auc_score(labels, scores)),
        ("accuracy", metrics.accuracy_score(labels, said)),
        ("f1", metrics.f1_score(labels, said)),
        ("log_loss", metrics.log_loss(labels, scores)),
        ("brier", metrics.brier_score_loss(labels, scores)),
    ):
        estimate = tally.estimate(name)
        assert estimate is not None
        assert estimate.value == pytest.approx(wanted, rel=1e-12), name


def test_a_regressions_figures_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed here")
    labels, scores, units = regressed()
    tally = Tally.of(Task.REGRESSION, CARD, (labels, scores, units))
    some = labels != 0

    for name, wanted in (
        ("rmse", metrics.root_mean_squared_error(labels, scores)),
        ("mae", metrics.mean_absolute_error(labels, scores)),
        ("mape", metrics.mean_absolute_percentage_error(labels[some], scores[some])),
    ):
        estimate = tally.estimate(name)
        assert estimate is not None
        assert estimate.value == pytest.approx(wanted, rel=1e-12), name


def test_rankings_are_scikit_learns_and_the_gates() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed here")
    gates = pytest.importorskip("ml.evaluation.ranking", reason="the image's code is not here")
    draw = np.random.default_rng(3)
    labels = draw.integers(1, 6, 6000).astype(float)
    scores = np.round(labels + draw.normal(0, 2, 6000), 1)
    users = draw.integers(0, 300, 6000)
    units = codes_of([str(user) for user in users])

    lists, values = by_list(units, labels, scores, k=10, liked_from=None)

    of_gate = gates.by_user(users, labels, scores)
    place = np.argsort(codes_of([str(user) for user in np.unique(users)]))
    np.testing.assert_allclose(values["ndcg"], of_gate["ndcg"][place], rtol=1e-12)
    np.testing.assert_allclose(values["recall"], of_gate["recall"][place], rtol=1e-12)
    for number, user in enumerate(lists[:40]):
        mine = units == user
        wanted = metrics.ndcg_score([2 ** labels[mine] - 1], [scores[mine]], k=10)
        assert values["ndcg"][number] == pytest.approx(wanted, rel=1e-9)


def test_a_hit_is_the_share_of_the_orders_of_equal_scores_that_show_a_liked_row() -> None:
    units = codes_of(["a"] * 5 + ["b"] * 5 + ["c"] * 2)
    labels = np.array([5, 1, 1, 1, 1, 5, 5, 1, 1, 1, 5, 1], dtype=float)
    scores = np.array([2, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 2], dtype=float)

    lists, values = by_list(units, labels, scores, k=2, liked_from=4.0)

    found = {name: values["hit_rate"][lists == codes_of([name])[0]][0] for name in "abc"}
    assert found["a"] == pytest.approx(1 / 3)  # one place for three that tie, one of them liked
    assert found["b"] == pytest.approx(1 - (3 / 5) * (2 / 4))
    assert np.isnan(found["c"])  # all of two rows are shown whatever the order


def test_what_no_ratio_makes_is_refused() -> None:
    with pytest.raises(ValueError, match="no ratio of sums makes the metric 'auc'"):
        terms("auc", np.zeros(1), np.zeros(1))
    with pytest.raises(ValueError, match="labels must be between 0 and 100"):
        by_list(codes_of(["a"]), np.array([-1.0]), np.array([1.0]), k=1, liked_from=None)


def test_figures_that_rows_say_nothing_of_are_none() -> None:
    ones = np.ones(30)
    tally = Tally.of(BINARY, CARD, (ones, ones, codes_of([str(n) for n in range(30)])))
    assert tally.estimate("auc") is None

    zeros = np.zeros(30)
    tally = Tally.of(Task.REGRESSION, CARD, (zeros, ones, codes_of([str(n) for n in range(30)])))
    assert tally.estimate("mape") is None


@pytest.mark.parametrize("task", list(Task))
def test_parts_merge_to_the_whole_in_any_order(task: Task) -> None:
    if task is BINARY:
        labels, scores, units = classified()
    else:
        labels, scores, units = regressed()
        labels = np.clip(labels, 0, 5)
    part = units % np.uint64(3)
    parts = [
        Tally.of(task, CARD, (labels[part == n], scores[part == n], units[part == n]))
        for n in range(3)
    ]
    whole = Tally.of(task, CARD, (labels, scores, units))

    for merged in (parts[0] + parts[1] + parts[2], parts[2] + (parts[1] + parts[0])):
        assert (merged.rows, merged.ones) == (whole.rows, whole.ones)
        for metric in [*whole.ratios, *(["auc"] if task is BINARY else [])]:
            if metric == "recall" or metric == "hit_rate":
                continue  # liked is above the mean of a window, which a third of it has not
            mine, theirs = merged.estimate(metric), whole.estimate(metric)
            assert (mine is None) == (theirs is None)
            if mine is not None and theirs is not None:
                assert mine.value == pytest.approx(theirs.value, rel=1e-12)
                assert mine.error == pytest.approx(theirs.error, rel=1e-9)


def test_windows_of_other_slices_or_metrics_do_not_add_up() -> None:
    labels, scores, _ = classified(100)
    rows = joined(labels, scores)
    one = window_of(BINARY, CARD, rows, ["a"])
    assert (one + one).slices["a"].rows == 0
    assert (one + one).tally.rows == 200
    with pytest.raises(ValueError, match=r"windows of slices \['a'\] and \['b'\] do not add up"):
        _ = one + window_of(BINARY, CARD, rows, ["b"])
    with pytest.raises(ValueError, match="do not add up"):
        _ = one.tally + window_of(Task.REGRESSION, CARD, rows, ["a"]).tally


def test_a_slice_has_the_rows_whose_bit_is_set() -> None:
    labels, scores, _ = classified(100)
    masks = np.arange(100) % 4  # bit 0: odd numbers; bit 1: 2 and 3 of each four

    window = window_of(BINARY, CARD, joined(labels, scores, slices=masks), ["odd", "high"])

    assert [window.slices[name].rows for name in ("odd", "high")] == [50, 50]
    assert window.slices["odd"].ones == int(labels[1::2].sum())


SCORES = st.floats(0, 1, allow_nan=False) | st.floats(-1e9, 1e9) | st.sampled_from([0.0, -0.0])
ROWS = st.lists(st.tuples(SCORES, st.integers(0, 1), st.integers(0, 3)), min_size=1, max_size=60)


def ranks_of(rows, capacity: int) -> Ranks:
    scores, labels, groups = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return Ranks.of(labels, scores, groups.astype(np.uint16), capacity=capacity)


@given(ROWS, ROWS, ROWS, st.integers(16, 40))
def test_ranks_that_are_full_merge_to_the_same_in_any_order(a, b, c, capacity: int) -> None:
    one, two, three = (ranks_of(rows, capacity) for rows in (a, b, c))
    whole = ranks_of([*a, *b, *c], capacity)

    for merged in ((one + two) + three, one + (two + three), (three + one) + two):
        assert merged.bits == whole.bits
        for name in ("keys", "marks", "counts"):
            np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))


def test_what_was_cut_stays_cut() -> None:
    draw = np.random.default_rng(1)
    many = [(float(score), 1, 0) for score in draw.random(500)]
    few, cut = ranks_of([(1 / 3, 0, 0)], 32), ranks_of(many, 32)

    for merged in (few + cut, cut + few):
        assert merged.bits <= cut.bits < FULL
        assert not (merged.keys & np.uint64((1 << (FULL - merged.bits)) - 1)).any()


@given(ROWS, st.integers(16, 24))
def test_auc_of_cut_scores_is_within_the_blur_of_the_exact_one(rows, capacity: int) -> None:
    exact, cut = ranks_of(rows, 1000), ranks_of(rows, capacity)
    true, found = exact.estimate(), cut.estimate()
    if true is None or found is None:
        assert true is found
        return
    assert found.value == pytest.approx(true.value, abs=cut.blur + 1e-12)


def test_many_scores_keep_to_their_memory_and_lose_little() -> None:
    labels, scores, units = classified(200_000)
    exact = Roc.of(labels, scores, groups_of(units), capacity=1 << 20)
    cut = Roc.of(labels, scores, groups_of(units), capacity=1 << 16)

    assert (exact.grouped.bits, exact.scores.blur) == (FULL, 0.0)
    assert len(cut.grouped.keys) <= 1 << 16
    assert len(cut.scores.keys) <= 1 << 14
    true, found = exact.estimate(), cut.estimate()
    assert true is not None
    assert found is not None
    assert 0 < cut.scores.blur < 0.001
    assert abs(found.value - true.value) < 1e-5
    assert found.error == pytest.approx(true.error, rel=0.01)


def test_auc_without_units_has_delongs_error() -> None:
    """The two-sample form of DeLong et al. (1988), row by row, in the most naive way."""
    labels, scores, _ = classified(300, decimals=2)
    ones, zeros = scores[labels == 1], scores[labels == 0]
    wins = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    variance = wins.mean(axis=1).var(ddof=1) / len(ones) + wins.mean(axis=0).var(ddof=1) / len(
        zeros
    )

    groups = (np.arange(300) % GROUPS).astype(np.uint16)  # each row a group of its own
    estimate = Ranks.of(labels, scores, groups).estimate()

    assert estimate is not None
    assert estimate.value == pytest.approx(wins.mean())
    assert estimate.error == pytest.approx(np.sqrt(variance), rel=0.01)
