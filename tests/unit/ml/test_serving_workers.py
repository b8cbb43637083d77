"""Workers share the work and its figures, are replaced when they die or hang, and drain."""

import json
import os
import signal
import subprocess
import threading
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from real_server import IMPATIENT, connected, server, until, workers_of

from ml.serving import machine

ROW = "10,40,1,20.5,2,31,31"
TWO = {machine.WORKERS_VARIABLE: "2"}


def asked(connection: HTTPConnection) -> int:
    connection.request("POST", "/invocations", ROW, {"content-type": "text/csv"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def figures(connection: HTTPConnection) -> dict[str, float]:
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def said_of(process: "subprocess.Popen[str]") -> str:
    _, said = process.communicate(timeout=30)
    return said


def test_each_worker_tells_the_figures_of_all(trained: Path) -> None:
    with server(trained.parent, **TWO) as (process, port):
        connected(process, port).close()
        one, other = workers_of(process)
        # One stands still, so that the other must answer.
        for still, times in ((one, 2), (other, 3)):
            os.kill(still, signal.SIGSTOP)
            with closing(connected(process, port)) as connection:
                assert [asked(connection) for _ in range(times)] == [200] * times
                told = figures(connection)
            os.kill(still, signal.SIGCONT)
        assert told['perennial_requests_total{status="200"}'] == 5
        assert told["perennial_request_seconds_count"] == 5
        assert told["perennial_predictions_count"] == told["perennial_rows_total"] == 5
        assert told["perennial_workers"] == 2
        assert told["perennial_in_flight"] == told["perennial_worker_restarts_total"] == 0
        assert any('model="churn"' in name for name in told)


def test_a_worker_that_dies_is_replaced(trained: Path) -> None:
    with server(trained.parent, **TWO) as (process, port):
        connected(process, port).close()
        before = set(workers_of(process))
        killed = before.pop()
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(set(workers_of(process)) - before) == 1, "another worker")
        with closing(connected(process, port)) as connection:
            assert asked(connection) == 200
            assert figures(connection)["perennial_worker_restarts_total"] == 1
        process.send_signal(signal.SIGTERM)
        assert "was ended by SIGKILL (out of memory?); it is replaced" in said_of(process)
        assert process.returncode == 0


def test_a_worker_that_hangs_is_killed_and_replaced(trained: Path) -> None:
    with server(trained.parent, IMPATIENT, **TWO) as (process, port):
        connected(process, port).close()
        hanging = workers_of(process)[0]
        os.kill(hanging, signal.SIGSTOP)
        until(lambda: hanging not in workers_of(process), "the end of the hanging worker")
        with closing(connected(process, port)) as connection:
            assert asked(connection) == 200
        process.send_signal(signal.SIGTERM)
        assert "gave no sign for 2 seconds" in said_of(process)


def test_a_server_whose_workers_keep_dying_ends_and_says_why(trained: Path) -> None:
    with server(trained.parent, IMPATIENT, **TWO) as (process, port):
        connected(process, port).close()
        killed: set[int] = set()
        while len(killed) < 3:
            until(lambda: bool(set(workers_of(process)) - killed), "another worker")
            worker = (set(workers_of(process)) - killed).pop()
            killed.add(worker)
            os.kill(worker, signal.SIGSEGV)
        assert (
            "refused: 3 workers died within 60 seconds, the last one was ended by SIGSEGV"
            in said_of(process)
        )
        assert process.returncode == 1


def test_workers_do_not_outlive_their_supervisor(trained: Path) -> None:
    with server(trained.parent, **TWO) as (process, port):
        connected(process, port).close()
        workers = workers_of(process)
        process.kill()
        until(lambda: not any(alive(worker) for worker in workers), "the end of all workers")


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


class Caller(threading.Thread):
    """Asks on one connection until it is told that an answer was the last."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.statuses: list[int] = []
        self.failure: Exception | None = None
        self.told = False

    def run(self) -> None:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            try:
                while not self.told:
                    connection.request("POST", "/invocations", ROW, {"content-type": "text/csv"})
                    answer = connection.getresponse()
                    answer.read()
                    self.statuses.append(answer.status)
                    self.told = answer.headers.get("connection") == "close"
            except (OSError, HTTPException) as error:
                self.failure = error


def test_a_drain_under_load_loses_no_request(trained: Path) -> None:
    with server(trained.parent, **TWO) as (process, port):
        connected(process, port).close()
        callers = [Caller(port) for _ in range(8)]
        for caller in callers:
            caller.start()
        until(lambda: all(len(caller.statuses) > 20 for caller in callers), "load")
        process.send_signal(signal.SIGTERM)
        for caller in callers:
            caller.join()
        assert [caller.failure for caller in callers] == [None] * 8
        assert all(caller.told for caller in callers)
        assert {status for caller in callers for status in caller.statuses} == {200}
        assert process.wait(30) == 0


def test_a_draining_server_answers_no_ping(trained: Path) -> None:
    with (
        server(trained.parent, **{machine.WORKERS_VARIABLE: "1"}) as (process, port),
        closing(connected(process, port)) as early,
        closing(connected(process, port)) as late,
    ):
        late.putrequest("POST", "/invocations")
        late.putheader("content-type", "text/csv")
        late.putheader("content-length", str(len(ROW)))
        late.endheaders(ROW[:5].encode())
        process.send_signal(signal.SIGTERM)
        early.request("GET", "/ping")
        status = early.getresponse().status
        late.send(ROW[5:].encode())
        assert late.getresponse().status == 200
        assert status in (200, 503)
        assert process.wait(30) == 0


@pytest.mark.parametrize("asked", ["0", "-1", "two", "1.5", "257", "²"])
def test_a_number_of_workers_that_is_none_is_refused(trained: Path, asked: str) -> None:
    with server(trained.parent, **{machine.WORKERS_VARIABLE: asked}) as (process, _):
        said = said_of(process)
    assert json.dumps(asked, ensure_ascii=False)[1:-1] in said
    assert said.startswith("refused: SAGEMAKER_MODEL_SERVER_WORKERS must be 1 to 256, got")
    assert process.returncode == 1


def test_there_is_a_worker_for_each_processor_that_may_be_used(tmp_path: Path) -> None:
    none, quota = tmp_path / "none", tmp_path / "cpu.max"
    processors = machine.workers({}, none)
    assert 1 <= processors <= (os.cpu_count() or 1)
    quota.write_text("50000 100000\n")
    assert machine.workers({}, quota) == 1
    quota.write_text("max 100000\n")
    assert machine.workers({}, quota) == processors
    assert machine.workers({machine.WORKERS_VARIABLE: "7"}, quota) == 7
