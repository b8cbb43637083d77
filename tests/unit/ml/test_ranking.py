"""Ranking metrics say what they define, and who they say nothing about."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import ndcg_score

from ml.evaluation.ranking import by_user, ranking_metrics


def whole(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def real(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def some(seed: int, rows: int = 600) -> tuple[NDArray[np.int64], ...]:
    """Return rows of 30 users, with many ties among labels and scores."""
    draw = np.random.default_rng(seed)
    return (
        draw.integers(0, 30, rows),
        draw.integers(1, 11, rows) / 2,
        draw.normal(size=rows).round(1),
    )


@pytest.mark.parametrize("k", [1, 10, 100])
def test_ndcg_is_what_scikit_learn_computes(k: int) -> None:
    users, labels, scores = some(1)
    expected = [
        ndcg_score([np.exp2(labels[users == user]) - 1], [scores[users == user]], k=k)
        for user in np.unique(users)
    ]
    np.testing.assert_allclose(by_user(users, labels, scores, k=k)["ndcg"], expected, atol=1e-12)


def test_recall_counts_liked_items_among_those_shown() -> None:
    """The mean label is 3: items 1 and 2 are liked, and only item 2 is among the first two."""
    users, labels = whole(7, 7, 7, 7), real(5, 5, 1, 1)
    assert ranking_metrics(users, labels, real(0, 9, 8, 7), k=2)["recall"] == 0.5
    assert ranking_metrics(users, labels, real(9, 8, 7, 0), k=2)["recall"] == 1.0


def test_who_liked_more_than_are_shown_can_still_be_served_perfectly() -> None:
    users, labels = whole(1, 1, 1, 1), real(5, 5, 5, 1)
    assert ranking_metrics(users, labels, labels, k=2)["recall"] == 1.0


def test_items_with_the_same_score_share_their_places() -> None:
    """A constant answer must not profit from rows that happen to be sorted by label."""
    users, labels = whole(1, 1, 1, 1), real(5, 1, 1, 1)
    assert ranking_metrics(users, labels, np.zeros(4), k=1)["recall"] == 0.25
    assert ranking_metrics(users, labels, np.zeros(4), k=1) == pytest.approx(
        ranking_metrics(users, labels[::-1], np.zeros(4), k=1)
    )


def test_users_for_whom_order_does_not_matter_do_not_count() -> None:
    """User 1 has one item, user 2 likes both alike; user 3 is ranked the wrong way round."""
    users, labels = whole(1, 2, 2, 3, 3), real(5, 4, 4, 1, 5)
    values = by_user(users, labels, real(1, 1, 2, 2, 1), k=1)
    assert np.isnan(values["ndcg"]).tolist() == [True, True, False]
    assert ranking_metrics(users, labels, real(1, 1, 2, 2, 1), k=1)["ndcg"] < 0.1


def test_users_with_no_more_items_than_are_shown_say_nothing_about_recall() -> None:
    assert "recall" not in ranking_metrics(whole(1, 1), real(1, 5), real(1, 2), k=2)


def test_a_figure_about_nobody_is_left_out() -> None:
    assert ranking_metrics(whole(1, 2, 3), real(1, 2, 3), real(1, 2, 3)) == {}
    assert ranking_metrics(whole(), real(), real()) == {}


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 30))
def test_figures_lie_between_0_and_1_whatever_the_order_of_rows(seed: int, k: int) -> None:
    users, labels, scores = some(seed, rows=200)
    figures = ranking_metrics(users, labels, scores, k=k)
    assert all(0 <= value <= 1 for value in figures.values())
    order = np.random.default_rng(seed).permutation(len(users))
    assert ranking_metrics(users[order], labels[order], scores[order], k=k) == pytest.approx(
        figures
    )
    assert all(
        value == pytest.approx(1) for value in ranking_metrics(users, labels, labels, k=k).values()
    )


@given(seed=st.integers(0, 2**32 - 1))
def test_who_counts_does_not_depend_on_the_model(seed: int) -> None:
    users, labels, scores = some(seed, rows=150)
    one, other = by_user(users, labels, scores), by_user(users, labels, -scores)
    for name, values in one.items():
        assert np.array_equal(np.isnan(values), np.isnan(other[name]))


@pytest.mark.parametrize(
    ("labels", "scores", "k", "problem"),
    [
        (real(1), real(1, 2), 10, "as many, got 2, 1 and 2"),
        (real(1, np.nan), real(1, 2), 10, "labels must be between 0 and 100"),
        (real(1, -1), real(1, 2), 10, "labels must be between 0 and 100, as"),
        (real(1, 2), real(1, np.inf), 10, "scores must be finite"),
        (real(1, 2), real(1, 2), 0, "k must be 1 or more, got 0"),
    ],
)
def test_what_cannot_be_ranked_is_refused(
    labels: NDArray[np.float64], scores: NDArray[np.float64], k: int, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        ranking_metrics(whole(1, 1), labels, scores, k=k)
