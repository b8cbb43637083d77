"""AUC by ranks, and whose answers count for a month."""

import random
from datetime import date
from pathlib import Path

import pytest

from demo.clients import Answer
from demo.quality import auc, month_score, scored, truth

MAY = date(1997, 5, 1)


def answer(inference_id: str, version: int | None, **scores: float) -> Answer:
    return Answer(
        inference_id=inference_id,
        entities=tuple(scores),
        version=version,
        scores=tuple(scores.values()) if version is not None else (),
        seconds=0.01,
        during_promotion=False,
        error=None if version is not None else "ClientError: 500",
    )


def by_pairs(labels: list[int], scores: list[float]) -> float:
    """The definition: of all pairs of a positive and a negative, how many are in order."""
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, is_positive in zip(scores, labels, strict=True)
        for b, is_other in zip(scores, labels, strict=True)
        if is_positive and not is_other
    ]
    return sum(pairs) / len(pairs)


@pytest.mark.parametrize("seed", range(20))
def test_auc_by_ranks_is_auc_by_pairs_also_with_ties(seed: int) -> None:
    rng = random.Random(seed)
    labels = [0, 1, *(rng.randint(0, 1) for _ in range(60))]
    scores = [rng.randint(0, 9) / 10 for _ in labels]
    assert auc(labels, scores) == pytest.approx(by_pairs(labels, scores))


def test_auc_of_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="AUC needs both classes, got 3 positive of 3"):
        auc([1, 1, 1], [0.1, 0.2, 0.3])


def test_load_and_other_months_do_not_count() -> None:
    answers = [
        answer("1997-05-01-0000", 1, a=0.1),
        answer("load-000001", 1, a=0.9),
        answer("1997-06-01-0000", 1, a=0.7),
        answer("1997-05-01-0001", None, b=0.4),
    ]
    assert scored(answers, MAY) == {"a": 0.1}


def test_a_month_names_the_versions_that_answered_in_order() -> None:
    answers = [
        answer("1997-05-01-0000", 2, a=0.9),
        answer("1997-05-01-0001", 1, b=0.1),
        answer("1997-05-01-0002", 2, c=0.2),
    ]
    labels = {"a": 1, "b": 0, "c": 0, "not asked": 1}
    score = month_score(MAY, answers, labels, {"a": 0.5, "b": 0.5, "c": 0.5}, "auc")
    assert (score.live, score.frozen, score.versions, score.rows) == (1.0, 0.5, (2, 1), 3)


def test_a_month_of_a_regression_is_judged_by_its_error() -> None:
    answers = [answer("1997-05-01-0000", 2, a=10.0, b=20.0)]
    score = month_score(MAY, answers, {"a": 13.0, "b": 16.0}, {"a": 13.0, "b": 20.0}, "rmse")
    assert (score.live, score.frozen) == pytest.approx((12.5**0.5, 8**0.5))


def test_truth_is_read_by_entity(tmp_path: Path) -> None:
    path = tmp_path / "1997-05-01.csv"
    path.write_text("entity,label\n7,1\n8|9,3.5\n")
    assert truth(path) == {"7": 1, "8|9": 3.5}
