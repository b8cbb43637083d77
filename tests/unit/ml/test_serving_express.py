"""Small requests that arrive together are scored together, and answered as ASGI would."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray
from test_serving import ROW
from test_serving_connection import Limited, Transport, connection, run, settled
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ml.serving.application import Application
from ml.serving.asked import INLINE_BYTES
from ml.serving.figures import IN_FLIGHT, ROWS, RUNS, STATUSES, new_board
from ml.serving.predictor import load_verified
from ml.serving.served import Served

OTHER = ROW.replace("10", "90", 1)


def request(body: str, version: str = "1.1", *lines: str) -> bytes:
    head = [f"POST /invocations HTTP/{version}", "host: here", "content-type: text/csv", *lines]
    return "\r\n".join([*head, f"content-length: {len(body)}", "", body]).encode()


def answered(transport: Transport) -> tuple[int, Any]:
    head, _, content = transport.written.partition(b"\r\n\r\n")
    return int(head.split()[1]), orjson.loads(content)


def application(trained: Path) -> tuple[Application, memoryview]:
    board = new_board(1)
    return Application(Served(load_verified(trained), "3"), board), board.row(0)


async def alone(made: Application, body: str) -> tuple[int, Any]:
    each, transport = connection(made)
    each.data_received(request(body))
    await settled()
    return answered(transport)


def test_what_one_turn_read_is_scored_by_one_call_and_answered_apart(trained: Path) -> None:
    async def test() -> None:
        made, row = application(trained)
        pairs = [connection(made) for _ in range(3)]
        bodies = [ROW, f"{OTHER}\n{ROW}", OTHER]
        for (each, _), body in zip(pairs, bodies, strict=True):
            each.data_received(request(body))
        assert row[IN_FLIGHT] == 3
        await settled()
        assert (row[RUNS], row[ROWS], row[IN_FLIGHT]) == (1, 4, 0)
        found = [answered(transport) for _, transport in pairs]
        assert found == [await alone(made, body) for body in bodies]
        assert found[0] != found[2]
        assert [transport.writes for _, transport in pairs] == [1, 1, 1]

    run(test)


def test_a_bad_request_among_good_ones_is_the_only_one_refused(trained: Path) -> None:
    async def test() -> None:
        made, row = application(trained)
        pairs = [connection(made) for _ in range(3)]
        for (each, _), body in zip(pairs, (ROW, "1,2", OTHER), strict=True):
            each.data_received(request(body))
        await settled()
        assert [answered(transport)[0] for _, transport in pairs] == [200, 400, 200]
        assert answered(pairs[1][1])[1] == {"error": "row 1 has 2 fields, the model 7"}
        assert (row[STATUSES + 100], row[STATUSES + 300]) == (2, 1)

    run(test)


class Failing(Served):
    """Fails on customers of 90 days."""

    def scores(self, rows: NDArray[np.float64]) -> list[float]:
        if (rows[:, 0] == 90).any():
            raise RuntimeError("ninety")
        return super().scores(rows)


def test_a_row_that_the_model_fails_on_fails_its_own_request_only(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def test() -> None:
        made = Application(Failing(load_verified(trained), "3"), new_board(1))
        pairs = [connection(made) for _ in range(3)]
        for (each, _), body in zip(pairs, (ROW, OTHER, ROW), strict=True):
            each.data_received(request(body))
        await settled()
        assert [answered(transport)[0] for _, transport in pairs] == [200, 500, 200]

    run(test)
    assert "RuntimeError: ninety" in capsys.readouterr().err


def test_a_caller_who_left_takes_no_answer_from_others(trained: Path) -> None:
    async def test() -> None:
        made, row = application(trained)
        (gone, nothing), (here, transport) = connection(made), connection(made)
        for each in (gone, here):
            each.data_received(request(ROW))
        gone.connection_lost(None)
        await settled()
        assert nothing.written == b""
        assert answered(transport)[0] == 200
        assert (row[STATUSES + 100], row[STATUSES + 399], row[IN_FLIGHT]) == (1, 1, 0)

    run(test)


@pytest.mark.parametrize("body", [ROW, "1,2", f"{ROW}\n" * (INLINE_BYTES // len(ROW) + 1)])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_an_answer_is_the_same_as_by_asgi(trained: Path, body: str, version: str) -> None:
    async def test() -> None:
        made, _ = application(trained)
        answers = []
        for protocol in (Limited, HttpToolsProtocol):
            each, transport = connection(made, protocol)
            each.data_received(request(body, version))
            while not transport.written.endswith(b"}"):
                await asyncio.sleep(0)
            await settled()
            lines, _, content = transport.written.partition(b"\r\n\r\n")
            answers.append((sorted(lines.split(b"\r\n")), content, transport.closed))
        assert answers[0] == answers[1]

    run(test)


def test_requests_on_one_connection_are_answered_in_order(trained: Path) -> None:
    async def test() -> None:
        made, _ = application(trained)
        each, transport = connection(made)
        each.data_received(request(ROW) + request("1,2") + request(OTHER))
        for _ in range(5):
            await settled()
        parts = transport.written.split(b"HTTP/1.1 ")[1:]
        assert [int(part.split()[0]) for part in parts] == [200, 400, 200]

    run(test)


@pytest.mark.parametrize("cut", [10, 60, 100])
def test_a_request_in_two_parts_is_answered_as_well(trained: Path, cut: int) -> None:
    async def test() -> None:
        made, _ = application(trained)
        each, transport = connection(made)
        whole = request(ROW)
        each.data_received(whole[:cut])
        await settled()
        assert transport.written == b""
        each.data_received(whole[cut:])
        await settled()
        assert answered(transport) == await alone(made, ROW)

    run(test)


def test_a_caller_that_waits_for_leave_to_send_gets_it(trained: Path) -> None:
    async def test() -> None:
        made, _ = application(trained)
        each, transport = connection(made)
        head, _, body = request(ROW, "1.1", "expect: 100-continue").partition(b"\r\n\r\n")
        each.data_received(head + b"\r\n\r\n")
        await settled()
        assert transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
        each.data_received(body)
        await settled()
        assert b"HTTP/1.1 200 OK" in transport.written

    run(test)


def test_while_draining_every_answer_is_the_last_of_its_connection(trained: Path) -> None:
    async def test() -> None:
        made, _ = application(trained)
        each, transport = connection(made)
        made.drain()
        each.data_received(request(ROW))
        await settled()
        assert answered(transport)[0] == 200
        assert b"connection: close" in transport.written
        assert transport.closed

    run(test)
