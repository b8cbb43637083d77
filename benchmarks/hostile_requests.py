"""Send a running server tens of thousands of hostile requests, with a good client beside them.

    .perennial/env/ml/bin/python -m benchmarks.hostile_requests [requests]

Misses its bar with any 5xx, a worker that died or hangs, memory that grew, or a good client whose
99th percentile more than doubled. Senders share the machine with the server, so what they send is
drawn before; "alone" is beside a process that is busy and sends nothing, "idle" beside none, and
the ratio is to the slower of both.
"""

import itertools
import json
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from math import inf
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks import serving_model
from benchmarks.hostile import ACCEPTS, Answer, Caller, bodies, raw
from benchmarks.rivals.started import ours, started
from benchmarks.share import keep

REQUESTS = 50_000
FRAMES = 0.2
"""Share of them that is hostile below HTTP."""
A_SECOND = 500
"""Requests: nearly three times as many as one who draws while he sends manages."""
SLOW = 40
"""Connections that send one byte a second, all the time."""
GOOD_PAUSE = 0.005
ALONE_SECONDS = 10
TURNS = 5
SEED = 20261124
GROWTH_MIB = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    requests: list[tuple[str, str, bytes]] = field(default_factory=list[tuple[str, str, bytes]])
    """Content type, what is accepted, body."""
    frames: list[tuple[bytes, bool]] = field(default_factory=list[tuple[bytes, bool]])
    """Bytes of a connection, and whether more might follow."""


NAMES = [f"f{n}" for n in range(serving_model.FEATURES)]


def main(requests: int) -> int:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        room = Path(name)
        serving_model.write(room)
        port = int(stack.enter_context(started(ours(), room)).rpartition(":")[2].split("/")[0])
        process = _server()
        body = serving_model.csv(serving_model.rows(1)).encode()
        _warm(port)
        before = _memory(process)
        told: Counter[str] = Counter()
        idle, alone, beside = list[float](), list[float](), list[float]()
        began = time.perf_counter()
        for turn in range(TURNS):
            hostile = drawn(NAMES, requests // TURNS, number=SEED + turn)

            def attack(hostile: Drawn = hostile) -> None:
                with _slow(port):
                    told.update(_sent_beside(port, hostile))

            # In turns, since the machine has other work at times.
            idle += _good(port, body, lambda: time.sleep(ALONE_SECONDS))
            alone += _good(port, body, _spin)
            beside += _good(port, body, attack)
        took = time.perf_counter() - began
        after = _memory(process)
        figures = {
            "requests": requests,
            "seconds": took,
            "answers": dict(sorted(told.items())),
            "idle_ms": _quantiles(idle),
            "alone_ms": _quantiles(alone),
            "beside_ms": _quantiles(beside),
            "p99_ratio": _quantiles(beside)["p99"]
            / max(_quantiles(idle)["p99"], _quantiles(alone)["p99"]),
            "memory_mib_before": before,
            "memory_mib_after": after,
            "restarts": _metric(port, "perennial_worker_restarts_total"),
        }
    return _judged(figures)


def send(port: int, names: list[str], requests: int, *, number: int = SEED) -> Counter[str]:
    """Send so many requests, drawn from ``number``; count statuses and what must not be."""
    return sent(port, drawn(names, requests, number=number))


def drawn(names: list[str], requests: int, *, number: int) -> Drawn:
    """Draw what is sent: requests that are right as HTTP, and what is not even that.

    It takes ten times as long as it takes the server to answer.
    """
    found = Drawn()
    valid = (",".join(["0.5"] * len(names)) + "\n").encode()
    frames = int(requests * FRAMES)

    def run(examples: int) -> settings:
        return settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )

    @run(requests - frames)
    @seed(number)
    @given(bodies(names), ACCEPTS)
    def with_bodies(drawn: tuple[str, bytes], accept: str) -> None:
        found.requests.append((drawn[0], accept, drawn[1]))

    @run(frames)
    @seed(number)
    @given(raw(valid))
    def with_frames(drawn: tuple[bytes, bool]) -> None:
        found.frames.append(drawn)

    with_bodies()
    with_frames()
    return found


def sent(port: int, what: Drawn, *, a_second: float = inf) -> Counter[str]:
    """Send all of it, no more than so many a second; count statuses and what must not be."""
    told: Counter[str] = Counter()
    caller = Caller(port)
    turns = itertools.count(1)
    began = time.perf_counter()

    def note(answer: Answer | None, what: object) -> None:
        told["unanswered" if answer is None else str(answer.status)] += 1
        if answer is not None and (answer.status >= 500 or not _explained(answer)):
            told["WRONG"] += 1
            print(f"WRONG: {answer} to {repr(what)[:300]}", file=sys.stderr)

    def await_turn() -> None:
        time.sleep(max(0.0, began + next(turns) / a_second - time.perf_counter()))

    with closing(caller):
        for kind, accept, body in what.requests:
            await_turn()
            note(caller.ask(kind, accept, body), (accept, kind, body))
        for frame, more in what.frames:
            await_turn()
            answers = caller.throw(frame, more=more)
            for answer in answers or [None]:
                note(answer, frame)
    return told


def _spin() -> None:
    """Be as busy as who sends hostile requests is, without sending any."""

    def work() -> None:
        os.nice(19)
        end = time.perf_counter() + ALONE_SECONDS
        while time.perf_counter() < end:
            pass

    process = get_context("fork").Process(target=work)
    process.start()
    process.join()


def _sent_beside(port: int, hostile: Drawn) -> Counter[str]:
    """Send from a process of the least priority: callers have machines of their own."""
    context = get_context("fork")
    told: SimpleQueue[Counter[str]] = context.SimpleQueue()

    def work() -> None:
        os.nice(19)
        told.put(sent(port, hostile, a_second=A_SECOND))

    process = context.Process(target=work)
    process.start()
    answers = told.get()
    process.join()
    return answers


def _explained(answer: Answer) -> bool:
    """Whether a refusal of the application says why; the HTTP layer's own say so in text."""
    if answer.status < 400 or not answer.body.startswith(b"{"):
        return True
    return bool(json.loads(answer.body)["error"])


@contextmanager
def _slow(port: int) -> Iterator[None]:
    """Hold connections that make progress a byte a second."""
    context = get_context("fork")
    end = context.Event()
    process = context.Process(target=_trickle, args=(port, end))
    process.start()
    yield
    end.set()
    process.join()


def _trickle(port: int, end: Event) -> None:
    os.nice(10)
    head = b"POST /invocations HTTP/1.1\r\ncontent-type: text/csv\r\ncontent-length: 5000\r\n\r\n"
    held: list[tuple[socket.socket, int]] = []
    while not end.wait(1):
        held += [
            (socket.create_connection(("127.0.0.1", port)), 0) for _ in range(SLOW - len(held))
        ]
        held = [(s, sent + 1) for s, sent in held if _sent(s, (head * 40)[sent : sent + 1])]
    for connection, _ in held:
        connection.close()


def _sent(connection: socket.socket, part: bytes) -> bool:
    try:
        connection.sendall(part)
    except OSError:
        connection.close()
        return False
    return True


def _good(port: int, body: bytes, meanwhile: Callable[[], object]) -> list[float]:
    """Return how long a good client waited for each answer while ``meanwhile`` ran."""
    context = get_context("fork")
    end, waited = context.Event(), context.SimpleQueue()
    process = context.Process(target=_ask_on, args=(port, body, end, waited))
    process.start()
    meanwhile()
    end.set()
    times: list[float] = waited.get()
    process.join()
    return times


def _ask_on(port: int, body: bytes, end: Event, waited: "SimpleQueue[list[float]]") -> None:
    times: list[float] = []
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    while not end.wait(GOOD_PAUSE):
        began = time.perf_counter()
        connection.request("POST", "/invocations", body, {"content-type": "text/csv"})
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"the good client was answered {answer.status}")
    connection.close()
    waited.put(times)


def _warm(port: int) -> None:
    """Let every worker have started all that it starts, so that growth is growth."""
    for _ in range(3):
        send(port, NAMES, 500, number=1)


def _quantiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    places = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
    found = {name: 1000 * ordered[int(share * len(ordered))] for name, share in places.items()}
    return {**found, "worst": 1000 * ordered[-1], "requests": len(ordered)}


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            found.setdefault(int(fields[1]), []).append(int(path.parent.name))
    return found


def _server() -> int:
    """Return the process that this one started as the server."""
    for child in _children()[os.getpid()]:
        if b"ml.container" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise LookupError("no server is running")


def _memory(server: int) -> dict[str, float]:
    """Return the resident memory of each worker, and of what reads for it, in MiB."""
    children, found = _children(), dict[str, float]()
    for place, worker in enumerate(sorted(children.get(server, []))):
        found[f"worker {place}"] = _resident(worker)
        found[f"reader {place}"] = sum(map(_resident, children.get(worker, [])))
    return found


def _resident(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def _metric(port: int, name: str) -> float:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("GET", "/metrics")
        for line in connection.getresponse().read().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
    raise LookupError(name)


def _judged(figures: dict[str, Any]) -> int:
    keep("hostile_requests", figures)
    print(json.dumps(figures, indent=1))
    before, after = figures["memory_mib_before"], figures["memory_mib_after"]
    missed = [
        problem
        for problem, is_so in {
            "5xx, or refusals that say nothing": "WRONG" in figures["answers"],
            "workers died": figures["restarts"] != 0,
            "memory grew": any(after[n] > before[n] + GROWTH_MIB for n in before),
            "the good client waited": figures["p99_ratio"] > 2,
        }.items()
        if is_so
    ]
    print("missed: " + "; ".join(missed) if missed else "held")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS))
