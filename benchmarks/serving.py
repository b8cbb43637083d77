"""Throughput and latency of the server, beside others and beside an empty answer, in one run.

``.perennial/env/ml/bin/python -m benchmarks.serving [rounds] [seconds]``, after ``tools/setup ml
torch bench``. Servers take turns, so that what else the machine does meets all of them; a figure is
the median of its rounds, a ratio the median of the rounds' ratios.
"""

import io
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime

from benchmarks import serving_model
from benchmarks.rivals.started import (
    TORCH,
    WORKERS,
    Rival,
    empty,
    mlserver_body,
    ours,
    rivals,
    started,
)
from benchmarks.share import keep
from benchmarks.wrk import Load, Wrk, find
from contracts import artifact
from ml.serving.formats.npy import NPY
from ml.serving.predictor import open_session

CONNECTIONS = 16
BATCH = 1000
LEAST_OF_FLASK, LEAST_OF_EMPTY, MOST_MS, LEAST_OF_CALL = 6.0, 0.45, 5.0, 0.7


def main(rounds: int, seconds: int) -> int:
    wrk = find()
    with tempfile.TemporaryDirectory() as room, ExitStack() as stack:
        base = Path(room) / "boosted"
        serving_model.write(base)
        servers = [ours(), empty(), *rivals(base)]
        addresses = {each.name: stack.enter_context(started(each, base)) for each in servers}
        recommender = _recommender(Path(room), stack)
        loads = _measured(wrk, servers, addresses, rounds, seconds)
        figures: dict[str, Any] = {
            "one_row": {name: _described(found) for name, found in loads.items()},
            "of_flask": _ratio(loads, "ours", "gunicorn+gevent+Flask"),
            "of_empty": _ratio(loads, "ours", "empty answer"),
            "batch": _batches(wrk, addresses["ours"], base, rounds, seconds),
        }
        if recommender is not None:
            found = [_load(wrk, recommender, b"1,1", seconds=seconds) for _ in range(rounds)]
            figures["recommender"] = _described(found)
    return _told(figures)


def _recommender(room: Path, stack: ExitStack) -> str | None:
    """Return the address of a server of the recommender, where PyTorch is installed."""
    python, base = f"{TORCH}/python", room / "recommender"
    if not Path(python).exists():
        return None
    subprocess.run([python, "-m", "benchmarks.serving_recommender", str(base)], check=True)
    return stack.enter_context(started(ours("recommender", python), base))


def _measured(
    wrk: Wrk, servers: Sequence[Rival], addresses: Mapping[str, str], rounds: int, seconds: int
) -> dict[str, list[Load]]:
    row = serving_model.rows(1)
    csv, json = serving_model.csv(row).encode(), mlserver_body(row[0].tolist())
    loads: dict[str, list[Load]] = defaultdict(list)
    # The first round only warms up.
    for number in range(rounds + 1):
        for server in servers:
            kind = "application/json" if server.json else "text/csv"
            body = json if server.json else csv
            load = _load(wrk, addresses[server.name], body, kind, seconds=seconds)
            if number:
                loads[server.name].append(load)
    return loads


def _load(wrk: Wrk, address: str, body: bytes, kind: str = "text/csv", *, seconds: int) -> Load:
    load = wrk.load(address, body, kind, connections=CONNECTIONS, seconds=seconds)
    if load.failed:
        raise RuntimeError(f"{address} failed {load.failed} requests")
    return load


def _described(loads: Sequence[Load]) -> dict[str, float]:
    return {
        "per_second": median(load.per_second for load in loads),
        "p50_ms": median(load.p50_ms for load in loads),
        "p99_ms": median(load.p99_ms for load in loads),
    }


def _ratio(loads: Mapping[str, Sequence[Load]], one: str, other: str) -> float:
    pairs = zip(loads[one], loads[other], strict=True)
    return median(a.per_second / b.per_second for a, b in pairs)


def _batches(wrk: Wrk, address: str, base: Path, rounds: int, seconds: int) -> dict[str, float]:
    """Rows in a second, asked by the thousand, beside ONNX Runtime called in this process with all
    processors, and with one thread as each of the server's workers calls it."""
    rows = serving_model.rows(BATCH).astype(np.float32)
    saved = io.BytesIO()
    np.save(saved, rows)
    bodies = {"npy": (NPY, saved.getvalue()), "csv": ("text/csv", serving_model.csv(rows).encode())}
    model = (base / "model" / artifact.MODEL).read_bytes()
    providers = ["CPUExecutionProvider"]
    peers = {
        "in_process": onnxruntime.InferenceSession(model, providers=providers),
        "in_process_one_thread": open_session(model),
    }
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, (kind, body) in bodies.items():
            load = wrk.load(address, body, kind, connections=2 * WORKERS, seconds=seconds)
            found[name].append(load.per_second * BATCH)
        for name, session in peers.items():
            runs, end = 0, time.perf_counter() + seconds
            while time.perf_counter() < end:
                session.run(["probabilities"], {"features": rows})
                runs += 1
            found[name].append(runs * BATCH / seconds)
    ratios = {
        f"{name}_ratio": median(
            a / b for a, b in zip(found[name], found["in_process"], strict=True)
        )
        for name in bodies
    }
    return {name: median(each) for name, each in found.items()} | ratios


def _told(figures: dict[str, Any]) -> int:
    """Print and keep the figures; return 1 when a bar is missed."""
    lines = dict(figures["one_row"])
    if "recommender" in figures:
        lines["recommender"] = figures["recommender"]
    for name, row in lines.items():
        latency = f"p50 {row['p50_ms']:6.2f} ms  p99 {row['p99_ms']:6.2f} ms"
        print(f"{name:24} {row['per_second']:9,.0f}/s  {latency}")
    batch, p99 = figures["batch"], figures["one_row"]["ours"]["p99_ms"]
    print(
        f"rows by {BATCH}: npy {batch['npy']:,.0f}/s, csv {batch['csv']:,.0f}/s; in-process "
        f"{batch['in_process']:,.0f}/s, with one thread {batch['in_process_one_thread']:,.0f}/s"
    )
    print(f"csv of in-process: {batch['csv_ratio']:.2f}")
    bars = [
        (f"times Flask (at least {LEAST_OF_FLASK:g})", figures["of_flask"], LEAST_OF_FLASK, 1),
        (f"of the empty (at least {LEAST_OF_EMPTY:g})", figures["of_empty"], LEAST_OF_EMPTY, 1),
        (f"p99 in ms (at most {MOST_MS:g})", p99, MOST_MS, -1),
        (f"of in-process (at least {LEAST_OF_CALL:g})", batch["npy_ratio"], LEAST_OF_CALL, 1),
    ]
    missed = [name for name, value, bar, sign in bars if sign * value < sign * bar]
    for name, value, _, _ in bars:
        print(f"{'MISSED' if name in missed else 'ok':6} {name}: {value:.2f}")
    keep("serving", figures)
    return 1 if missed else 0


if __name__ == "__main__":
    numbers = sys.argv[1:] + ["7", "3"][len(sys.argv) - 1 :]
    sys.exit(main(int(numbers[0]), int(numbers[1])))
