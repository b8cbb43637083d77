"""Every row of every answer and every value of every label ends in exactly one place."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.quality import Task
from quality.answers import Answer, AnswerFate, Label, LabelFate
from quality.join import Join, Joined
from tests.unit.quality.cases import BINARY, CLOSED, DAY, SPAN, START, answer, label

IDS = [f"request-{number}" for number in range(5)]
MOMENTS = st.sampled_from(
    [
        START - DAY,
        START,
        START + DAY / 2,
        SPAN.end,
        START + 60 * DAY,
        START + 61 * DAY,
        CLOSED,
        CLOSED + DAY,
        START + 90 * DAY,
    ]
)
ANSWERS = st.builds(
    answer,
    st.sampled_from(IDS[:4]),
    st.sampled_from([0.2, 0.8]),
    st.just(0.5),
    at=MOMENTS,
)
LABELS = st.builds(
    label,
    st.sampled_from(IDS),
    st.sampled_from([0, 1, None, 2, float("nan")]),
    st.sampled_from([0, 1, None]),
    at=MOMENTS,
) | st.builds(label, st.sampled_from(IDS), st.sampled_from([0, 1]), at=MOMENTS)


def joined(read: list[Answer | Label], *, as_of=CLOSED, part: int = 0, parts: int = 1) -> Joined:
    join = Join(SPAN, BINARY, part=part, parts=parts)
    for one in read:
        if isinstance(one, Answer):
            join.answer(one)
        else:
            join.label(one)
    return join.result(as_of)


def rows_of(read: list[Answer | Label]) -> tuple[int, int]:
    answers = sum(len(one.scores) for one in read if isinstance(one, Answer))
    labels = [value for one in read if isinstance(one, Label) for value in one.values]
    return answers, sum(value is not None for value in labels)


@given(st.lists(ANSWERS | LABELS, max_size=25), st.randoms(use_true_random=False), MOMENTS)
def test_counts_add_up_and_no_order_of_reading_changes_anything(read, random, as_of) -> None:
    first = joined(read, as_of=as_of)
    shuffled = list(read)
    random.shuffle(shuffled)
    second = joined(shuffled, as_of=as_of)

    assert (first.fates.answers.total(), first.fates.labels.total()) == rows_of(read)
    assert second.fates == first.fates
    for name in ("labels", "scores", "units", "slices"):
        assert getattr(second, name).tobytes() == getattr(first, name).tobytes()
    assert len(first.labels) == first.fates.answers[AnswerFate.LABELLED]
    assert first.fates.labels[LabelFate.USED] == first.fates.answers[AnswerFate.LABELLED]


@given(st.lists(ANSWERS | LABELS, max_size=25), st.integers(2, 4))
def test_the_parts_of_a_window_are_the_whole(read, parts) -> None:
    whole = joined(read)
    each = [joined(read, part=part, parts=parts) for part in range(parts)]

    fates = each[0].fates
    for part in each[1:]:
        fates += part.fates
    assert fates == whole.fates
    pairs = [pair for one in each for pair in zip(one.units, one.labels, one.scores, strict=True)]
    assert sorted(pairs) == sorted(zip(whole.units, whole.labels, whole.scores, strict=True))


def test_the_rows_of_a_window_come_in_the_order_of_their_ids() -> None:
    read = [answer("b", 0.2), answer("a", 0.1), label("a", 0), label("b", 1)]
    for each in (read, read[::-1]):
        assert list(joined(each).scores) == [0.1, 0.2]


def test_each_part_of_a_window_has_a_share_of_the_ids() -> None:
    read = [answer(f"request {number}", 0.5) for number in range(400)]
    for part in range(4):
        found = joined(read, part=part, parts=4).fates.answers.total()
        assert 70 < found < 130


def test_an_answer_and_its_label_make_a_row() -> None:
    found = joined([answer("a", 0.7, 0.2, slices=5), label("a", 1, 0)])

    assert (list(found.labels), list(found.scores)) == ([1, 0], [0.7, 0.2])
    assert list(found.slices) == [5, 5]
    assert found.fates.coverage == 1.0


@pytest.mark.parametrize(
    ("labels", "answers", "labelled"),
    [
        ([label("a", 1), label("a", 1)], {"labelled": 1}, {"used": 1, "repeated": 1}),
        ([label("a", 1), label("a", 0)], {"contradicted": 1}, {"contradictory": 2}),
        ([label("a", 1), label("a", 0), label("a", 1)], {"contradicted": 1}, {"contradictory": 3}),
        ([label("b", 1)], {"unlabelled": 1}, {"unknown": 1}),
        ([label("a", None)], {"unlabelled": 1}, {}),
        ([label("a", 1, 0)], {"unlabelled": 1}, {"misshapen": 2}),
        ([label("a", 0.5), label("a", 1)], {"labelled": 1}, {"invalid": 1, "used": 1}),
        ([label("a", 1, at=SPAN.due(START))], {"labelled": 1}, {"used": 1}),
        (
            [label("a", 1, at=SPAN.due(START) + timedelta(seconds=1))],
            {"unlabelled": 1},
            {"late": 1},
        ),
        (
            [label("a", 1), label("a", 0, at=CLOSED + DAY)],
            {"labelled": 1},
            {"used": 1, "late": 1},
        ),
    ],
    ids=[
        "the same twice",
        "two values",
        "two values, one twice",
        "an unknown id",
        "nothing known yet",
        "too many values",
        "no class",
        "in the last second",
        "a second late",
        "a late correction",
    ],
)
def test_what_becomes_of_labels(labels, answers, labelled) -> None:
    fates = joined([answer("a", 0.7), *labels]).fates

    assert {str(fate): count for fate, count in fates.answers.items() if count} == answers
    assert {str(fate): count for fate, count in fates.labels.items() if count} == labelled


def test_an_answer_read_twice_counts_once_and_one_of_two_minds_not_at_all() -> None:
    twice = joined([answer("a", 0.7), answer("a", 0.7, at=START + DAY / 4), label("a", 1)])
    two = joined([answer("a", 0.7), answer("a", 0.6), label("a", 1)])

    assert twice.fates.answers == Counter({AnswerFate.LABELLED: 1, AnswerFate.REPEATED: 1})
    assert two.fates.answers[AnswerFate.AMBIGUOUS] == 2
    assert (len(two.labels), two.fates.labels[LabelFate.AMBIGUOUS]) == (0, 1)


def test_answers_of_other_windows_and_open_ones_are_not_judged() -> None:
    late = START + DAY - timedelta(seconds=1)
    read = [answer("before", 0.5, at=START - DAY), answer("a", 0.5), answer("open", 0.5, at=late)]
    labels = [label("before", 1), label("a", 1), label("open", 1)]

    found = joined([*read, *labels], as_of=SPAN.due(START)).fates

    assert found.answers == Counter(
        {AnswerFate.ELSEWHERE: 1, AnswerFate.LABELLED: 1, AnswerFate.OPEN: 1}
    )
    assert found.labels == Counter({LabelFate.ELSEWHERE: 1, LabelFate.USED: 1, LabelFate.EARLY: 1})
    assert found.coverage == 1.0


def test_what_is_kept_aside_names_the_label_and_the_reason() -> None:
    fates = joined([answer("a", 0.7, 0.1), label("a", 1, 1), label("a", 1, 0)]).fates

    assert [(one.inference_id, one.row, one.value, str(one.fate)) for one in fates.aside] == [
        ("a", 1, "0", "contradictory"),
        ("a", 1, "1", "contradictory"),
    ]


def test_of_many_kept_aside_some_are_named_and_all_are_counted() -> None:
    labels = [label(f"nobody {number:05}", 1) for number in range(30_000)]

    fates = joined(labels).fates

    assert (len(fates.aside), fates.labels[LabelFate.UNKNOWN]) == (100, 30_000)
    assert fates.aside[0].inference_id == "nobody 00000"
    assert joined(labels[::-1]).fates == fates


def test_any_finite_number_is_a_label_of_a_regression() -> None:
    join = Join(SPAN, Task.REGRESSION)
    join.answer(answer("a", 10.0, 11.0))
    join.label(label("a", 12.5, float("inf")))

    found = join.result(CLOSED)

    assert list(found.labels) == [12.5]
    assert found.fates.labels == Counter({LabelFate.USED: 1, LabelFate.INVALID: 1})


def test_an_answer_with_fewer_units_than_scores_is_refused() -> None:
    wrong = Answer(inference_id="a", at=START, scores=[0.1, 0.2], units=["u"], slices=[0, 0])
    with pytest.raises(ValueError, match="'a' has 2 scores, 1 units and 2 slices"):
        Join(SPAN, BINARY).answer(wrong)


def test_a_part_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"part must be 0 to parts - 1 \(1\), got 2"):
        Join(SPAN, BINARY, part=2, parts=2)
