"""Every request ends as one answer, failed or not, and nothing is asked twice under one id."""

import contextlib
import io
import json
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from demo.batches import Batch, read
from demo.clients import CLIENTS, Clients


class FakeRuntime:
    """Answers each row with its own first value; refuses ids that end in ``3``."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self.full = threading.Barrier(CLIENTS, timeout=10)

    def invoke_endpoint(self, **call: Any) -> dict[str, Any]:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.asked.append(call["InferenceId"])
        with contextlib.suppress(threading.BrokenBarrierError):
            self.full.wait()
        with self._lock:
            self._now -= 1
        if call["InferenceId"].endswith("3"):
            raise RuntimeError("no capacity")
        scores = [float(line.split(",")[0]) for line in call["Body"].decode().splitlines()]
        body = {"model_version": "4", "predictions": [{"score": score} for score in scores]}
        return {"Body": io.BytesIO(json.dumps(body).encode())}


def batches(count: int) -> list[Batch]:
    return [
        Batch(inference_id=f"1997-05-01-{n:04}", entities=(str(n),), body=f"{n},1\n".encode())
        for n in range(count)
    ]


def test_sixteen_ask_at_once_and_each_answer_is_kept() -> None:
    runtime = FakeRuntime()
    clients = Clients(runtime, "churn-dev")
    clients.send(batches(CLIENTS))
    assert runtime.most_at_once == CLIENTS == 16
    assert sorted(runtime.asked) == sorted(each.inference_id for each in clients.answers)
    assert {each.scores for each in clients.answers if not each.failed} == {
        (float(n),) for n in range(CLIENTS) if n not in (3, 13)
    }


def test_a_failed_request_is_an_answer_that_failed_and_is_not_repeated() -> None:
    runtime = FakeRuntime()
    runtime.full.abort()
    clients = Clients(runtime, "churn-dev")
    clients.send(batches(4))
    (failed,) = (each for each in clients.answers if each.failed)
    assert failed.error == "RuntimeError: no capacity"
    assert runtime.asked.count("1997-05-01-0003") == 1


def test_an_answer_with_rows_missing_is_no_answer() -> None:
    runtime = FakeRuntime()
    runtime.full.abort()
    clients = Clients(runtime, "churn-dev")
    clients.send([Batch(inference_id="a", entities=("1", "2"), body=b"1,1\n")])
    assert clients.answers[0].error == "ValueError: 2 rows were asked about, 1 were answered"


@pytest.mark.slow
def test_load_asks_under_ids_of_its_own_until_it_is_stopped() -> None:
    runtime = FakeRuntime()
    runtime.full.abort()
    clients = Clients(runtime, "churn-dev")
    enough = threading.Event()
    original = runtime.invoke_endpoint

    def counting(**call: Any) -> dict[str, Any]:
        if len(runtime.asked) > 8:
            enough.set()
        return original(**call)

    runtime.invoke_endpoint = counting
    with clients.load(batches(3)):
        assert clients.loading
        assert enough.wait(10)
    assert not clients.loading
    assert all(each.startswith("load-") for each in runtime.asked)
    assert len(set(runtime.asked)) == len(runtime.asked) == len(clients.answers)


def test_a_month_is_cut_into_batches_in_order(tmp_path: Path) -> None:
    path = tmp_path / "requests.csv"
    path.write_text("customer_id,x,y\n1,10,2.5\n2,20,\n3,30,0\n")
    cut = read(path, date(1997, 5, 1), rows=2)
    assert [(each.inference_id, each.entities, each.body) for each in cut] == [
        ("1997-05-01-0000", ("1", "2"), b"10,2.5\n20,\n"),
        ("1997-05-01-0001", ("3",), b"30,0\n"),
    ]
