"""Answers come in the form that the caller likes best, or it is told which there are."""

import json
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.serving.accept import choose
from ml.serving.answer import Answers, accepted, write_answer
from ml.serving.limits import BadRequest

OFFERED = ("application/json", "text/csv", "application/jsonlines")


def answers(scores: Sequence[float] = (0.25, 0.5), *, labelled: bool = True) -> Answers:
    return Answers(version="3", scores=scores, labelled=labelled)


def test_json_names_the_version_once_and_each_prediction() -> None:
    body, content_type = write_answer(answers(), "*/*")
    assert content_type == "application/json"
    assert json.loads(body) == {
        "model_version": "3",
        "predictions": [{"score": 0.25, "label": 0}, {"score": 0.5, "label": 1}],
    }


def test_csv_begins_with_its_header_unless_the_caller_asks_for_none() -> None:
    assert write_answer(answers(), "text/csv") == (b"score,label\n0.25,0\n0.5,1\n", "text/csv")
    assert write_answer(answers([1e-7], labelled=False), "text/csv")[0] == b"score\n1e-07\n"
    assert write_answer(answers(), "text/csv; header=absent")[0] == b"0.25,0\n0.5,1\n"


def test_json_lines_name_the_version_in_each_line() -> None:
    body, content_type = write_answer(answers([0.75]), "application/jsonlines")
    assert content_type == "application/jsonlines"
    assert body == b'{"score":0.75,"label":1,"model_version":"3"}\n'
    assert b"label" not in write_answer(answers([0.75], labelled=False), "application/jsonlines")[0]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv, application/json", "text/csv"),
        ("application/json, text/csv", "application/json"),
        ("text/html, text/csv;q=0.1", "text/csv"),
        ("text/csv;q=0.4, application/jsonlines;q=0.7, application/json;q=0.5", OFFERED[2]),
        ("*/*;q=0.1, text/csv", "text/csv"),
        ("application/json;q=0, */*", "text/csv"),
        ("application/json;q=0.1, application/*;q=0.9", "application/jsonlines"),
        ("text/csv;q=nonsense", "text/csv"),
        ("text/csv;q=nan", "text/csv"),
        (",,;;, text/csv", "text/csv"),
    ],
)
def test_the_best_of_what_the_caller_accepts_is_chosen(accept: str, chosen: str) -> None:
    assert choose(accept, OFFERED) == chosen


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "*/*;q=0", "json", "image/*, x", ";", "*"]
)
def test_a_caller_who_accepts_none_of_ours_is_told_which_there_are(accept: str) -> None:
    with pytest.raises(BadRequest, match=r"accept must allow one of application/json, ") as caught:
        accepted(accept)
    assert caught.value.status == 406
    assert str(caught.value).endswith(f"got {accept!r}")


@given(st.text(alphabet='*/,;=q01. abctextcsvjson"\\\x00', max_size=60))
def test_any_accept_header_is_answered_or_refused(accept: str) -> None:
    with suppress(BadRequest):
        assert choose(accept, OFFERED) in OFFERED


def test_an_answer_that_is_not_finite_is_refused_by_its_row() -> None:
    with pytest.raises(BadRequest, match="row 2: the model's answer to it is not finite, but nan"):
        write_answer(answers([0.5, float("nan")]), "*/*")
    assert write_answer(answers([1e308, 1e308], labelled=False), "text/csv")[0].count(b"e+308") == 2
