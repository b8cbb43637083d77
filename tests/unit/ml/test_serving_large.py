"""Large requests make no small one wait, and what takes too long is given up."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from test_serving import ROW, call

from ml.refusal import Refusal
from ml.serving.application import Application
from ml.serving.asked import INLINE_BYTES
from ml.serving.exposition import exposed
from ml.serving.figures import Figures, new_board, prediction_bounds
from ml.serving.invocations import Invocations
from ml.serving.predictor import load_verified
from ml.serving.served import Answered, Served


class Held(Served):
    """Answers large requests when it is let go."""

    def __init__(self, trained: Path) -> None:
        super().__init__(load_verified(trained), "3")
        self.begun = threading.Event()
        self.go = threading.Event()

    def answered(self, body: bytes, content_type: str, accept: str) -> Answered:
        if len(body) > INLINE_BYTES:
            self.begun.set()
            assert self.go.wait(30)
        return super().answered(body, content_type, accept)


LARGE = f"{ROW}\n".encode() * (INLINE_BYTES // len(ROW) + 1)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await test()

    asyncio.run(whole())


def test_a_small_request_does_not_wait_for_a_large_one(trained: Path) -> None:
    async def test() -> None:
        held = Held(trained)
        application = Application(held, new_board(1))
        large = asyncio.create_task(call(application, LARGE, b"text/csv"))
        await asyncio.to_thread(held.begun.wait, 30)
        assert (await call(application, ROW.encode(), b"text/csv"))[0] == 200
        assert not large.done()
        held.go.set()
        status, answer = await large
        assert status == 200
        assert len(answer["predictions"]) == LARGE.count(b"\n")  # type: ignore[arg-type]

    run(test)


def test_a_request_that_takes_too_long_is_given_up_and_makes_the_server_unhealthy(
    trained: Path,
) -> None:
    async def test() -> None:
        held = Held(trained)
        board = new_board(1)
        application = Application(held, board)
        figures = Figures(board.row(0), held.bounds)
        application.invocations = Invocations(held, figures, answer_seconds=0.05)
        status, answer = await call(application, LARGE, b"text/csv")
        assert (status, answer) == (
            503,
            {"error": "no answer in time: it takes more than 0.05 seconds"},
        )
        assert not application.healthy
        held.go.set()
        while application.invocations.stuck:
            await asyncio.sleep(0)
        assert application.healthy

    run(test)


def test_a_draining_application_says_so_to_pings_and_ends_connections(trained: Path) -> None:
    async def told(path: str, method: str, body: bytes) -> tuple[int, dict[bytes, bytes]]:
        sent: list[dict[str, object]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        scope = {"path": path, "method": method, "headers": [(b"content-type", b"text/csv")]}
        await application(scope, receive, send)  # type: ignore[arg-type]
        return sent[0]["status"], dict(sent[0]["headers"])  # type: ignore[call-overload]

    async def test() -> None:
        assert (await told("/ping", "GET", b""))[0] == 200
        application.drain()
        status, headers = await told("/ping", "GET", b"")
        assert (status, headers[b"connection"]) == (503, b"close")
        status, headers = await told("/invocations", "POST", ROW.encode())
        assert (status, headers[b"connection"]) == (200, b"close")
        assert headers[b"x-amzn-sagemaker-custom-attributes"] == b"model_version=3"
        assert (await told("/else", "GET", b""))[0] == 404
        status, headers = await told("/ping", "POST", b"")
        assert (status, headers[b"allow"]) == (405, b"GET, HEAD")

    application = Application(Served(load_verified(trained), "3"), new_board(1))
    run(test)


def test_a_version_that_is_no_header_is_refused(trained: Path) -> None:
    with pytest.raises(Refusal, match="the model's version must be printable ASCII"):
        Served(load_verified(trained), "3\r\nx: y")


def test_a_histogram_of_answers_is_cut_where_the_known_ones_lie() -> None:
    assert prediction_bounds([0.2], chances=True)[::9] == (0.1, 1.0)
    assert prediction_bounds([3.0] * 5, chances=False) == (3.0,)
    assert len(prediction_bounds(list(range(100)), chances=False)) == 11


@pytest.mark.parametrize("rows", [10, 1000])
def test_predictions_are_counted_the_same_one_by_one_and_many_at_once(rows: int) -> None:
    board = new_board(1)
    figures = Figures(board.row(0), (0.25, 0.5, 1.0))
    scores = [place / (rows - 1) for place in range(rows)]
    figures.predicted(scores)
    text = exposed(board, (0.25, 0.5, 1.0), {"model": "m"})[0].decode()
    at_most = {bound: sum(score <= bound for score in scores) for bound in (0.25, 0.5, 1.0)}
    for bound, count in at_most.items():
        assert f'perennial_predictions_bucket{{le="{bound}"}} {float(count)}' in text


def test_a_worker_whose_supervisor_died_before_it_began_knows_it(trained: Path) -> None:
    board = new_board(1)
    served = Served(load_verified(trained), "3")
    assert not Application(served, board).orphaned
    board.supervisor = 1 if os.getppid() != 1 else 2
    assert Application(served, board).orphaned
