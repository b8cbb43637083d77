"""A lost, repeated or doubly captured request does not pass as proven."""

import io
import json
from collections import Counter
from datetime import date
from typing import Any

import pytest

from demo.bars import Wanted, bars, missed
from demo.clients import Answer
from demo.proof import captured_ids, weigh
from demo.quality import MonthScore


def answer(inference_id: str, error: str | None = None) -> Answer:
    return Answer(
        inference_id=inference_id,
        entities=("1", "2"),
        version=1,
        scores=(0.1, 0.2),
        seconds=0.01,
        during_promotion=False,
        error=error,
    )


def month(live: float, frozen: float, snapshot: date = date(1998, 4, 1)) -> MonthScore:
    return MonthScore(snapshot=snapshot, live=live, frozen=frozen, versions=(3,), rows=10)


WANTED = Wanted(metric="auc", month=date(1998, 4, 1), limit=0.82, above_frozen=0.08)
GOOD = weigh([answer("a"), answer("b")], Counter({"a": 1, "b": 1}))


def test_what_was_sent_and_captured_once_is_proven() -> None:
    assert (GOOD.requests, GOOD.rows, GOOD.captured_once) == (2, 4, 2)
    assert missed(bars([month(0.84, 0.72)], GOOD, WANTED)) == []


@pytest.mark.parametrize(
    ("answers", "captured", "complaint"),
    [
        ([answer("a"), answer("b", "500")], {"a": 1, "b": 1}, "Failed requests: 1"),
        ([answer("a"), answer("b")], {"a": 1}, "Captured exactly once: 1"),
        ([answer("a"), answer("b")], {"a": 1, "b": 2}, "Captured exactly once: 1"),
        ([answer("a"), answer("a")], {"a": 1}, "Captured exactly once: 1"),
    ],
)
def test_each_loss_is_named(
    answers: list[Answer], captured: dict[str, int], complaint: str
) -> None:
    traffic = weigh(answers, Counter(captured))
    (reason,) = missed(bars([month(0.84, 0.72)], traffic, WANTED))
    assert reason.startswith(complaint)


def test_captures_of_others_do_not_matter() -> None:
    captured = Counter({"a": 1, "b": 1, "probe-1": 3})
    assert weigh([answer("a"), answer("b")], captured) == GOOD


@pytest.mark.parametrize(
    ("live", "frozen", "labels"),
    [
        (0.81, 0.70, ["AUC in April 1998"]),
        (0.83, 0.76, ["Better than v1, never retrained, by"]),
        (0.80, 0.79, ["AUC in April 1998", "Better than v1, never retrained, by"]),
        (0.82, 0.73, []),
    ],
)
def test_quality_has_bars_in_the_last_month(live: float, frozen: float, labels: list[str]) -> None:
    reasons = missed(bars([month(0.5, 0.5), month(live, frozen)], GOOD, WANTED))
    assert [reason.partition(":")[0] for reason in reasons] == labels


def test_an_error_has_its_bars_the_other_way_round() -> None:
    wanted = Wanted(metric="rmse", month=date(1998, 4, 1), limit=100.0, above_frozen=50.0)
    assert missed(bars([month(99.0, 200.0)], GOOD, wanted)) == []
    reasons = missed(bars([month(120.0, 130.0)], GOOD, wanted))
    assert [reason.partition(":")[0] for reason in reasons] == [
        "RMSE in April 1998",
        "Better than v1, never retrained, by",
    ]


def test_a_year_cut_short_has_no_bar_of_quality() -> None:
    assert missed(bars([month(0.6, 0.7, date(1997, 6, 1))], GOOD, WANTED)) == []


class FakeS3:
    """A bucket in two pages."""

    def __init__(self, objects: dict[str, list[dict[str, Any]]]) -> None:
        self._objects = objects

    def get_paginator(self, _: str) -> "FakeS3":
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        keys = [key for key in self._objects if key.startswith(Prefix)]
        return [{"Contents": [{"Key": key}]} for key in keys] + [{}]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        lines = "\n".join(json.dumps(line) for line in self._objects[Key])
        return {"Body": Body(lines.encode())}


class Body(io.BytesIO):
    def iter_lines(self) -> list[bytes]:
        return self.read().splitlines()


def test_captures_are_counted_over_all_files_of_the_endpoint() -> None:
    def line(**metadata: str) -> dict[str, Any]:
        return {"eventMetadata": metadata}

    objects = {
        "churn/churn-dev/live/a.jsonl": [line(inferenceId="x"), line(inferenceId="y")],
        "churn/churn-dev/live/b.jsonl": [line(inferenceId="x"), line()],
        "churn/other/live/c.jsonl": [line(inferenceId="x")],
    }
    found = captured_ids(FakeS3(objects), bucket="b", model="churn", endpoint="churn-dev")
    assert found == Counter({"x": 2, "y": 1})
