"""Start the servers that are measured, each with two workers on a port of its own."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.serving_model import FEATURES, PICKLE

WORKERS = 2
ML = ".perennial/env/ml/bin"
TORCH = ".perennial/env/torch/bin"
BENCH = ".perennial/env/bench/bin"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    name: str
    command: Sequence[str]
    ready: str = "/ping"
    path: str = "/invocations"
    json: bool = False
    """It reads no CSV: the row is sent as MLServer's JSON."""


def ours(name: str = "ours", python: str = f"{ML}/python") -> Rival:
    return Rival(name=name, command=[python, "-m", "ml.container", "serve"])


def empty() -> Rival:
    return Rival(name="empty answer", command=[f"{ML}/python", "-m", "benchmarks.rivals.empty"])


def rivals(folder: Path) -> list[Rival]:
    """Those of other people, which call scikit-learn; MLServer's settings go to ``folder``."""
    flask = ["-m", "gunicorn", "-w", str(WORKERS), "-k", "gevent", "-b", "127.0.0.1:{port}"]
    fast = ["-m", "uvicorn", "--workers", str(WORKERS), "--loop", "uvloop", "--http", "httptools"]
    quiet = ["--no-access-log", "--log-level", "error", "--port", "{port}"]
    return [
        Rival(
            name="gunicorn+gevent+Flask",
            command=[f"{BENCH}/python", *flask, "benchmarks.rivals.flask_server:application"],
        ),
        Rival(
            name="FastAPI",
            command=[f"{ML}/python", *fast, *quiet, "benchmarks.rivals.fastapi_server:application"],
        ),
        Rival(
            name="MLServer",
            command=[f"{BENCH}/mlserver", "start", str(_mlserver(folder))],
            ready="/v2/models/boosted/ready",
            path="/v2/models/boosted/infer",
            json=True,
        ),
    ]


def mlserver_body(row: Sequence[float]) -> bytes:
    """https://github.com/kserve/open-inference-protocol"""
    rows = {"name": "rows", "shape": [1, FEATURES], "datatype": "FP64", "data": list(row)}
    return json.dumps({"inputs": [rows], "outputs": [{"name": "predict_proba"}]}).encode()


def _mlserver(folder: Path) -> Path:
    target = folder / "mlserver"
    target.mkdir(exist_ok=True)
    settings = {"parallel_workers": WORKERS, "debug": False, "host": "127.0.0.1"}
    (target / "settings.json").write_text(json.dumps(settings))
    model = {
        "name": "boosted",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": str((folder / PICKLE).resolve()), "version": "1"},
    }
    (target / "model-settings.json").write_text(json.dumps(model))
    return target


@contextmanager
def started(rival: Rival, base: Path) -> Iterator[str]:
    """Run a server of the model in ``base``; yield the address that answers."""
    port = free_port()
    process = subprocess.Popen(
        [part.format(port=port) for part in rival.command],
        env={
            **os.environ,
            "PYTHONPATH": ".",
            # More threads than processors only slow scikit-learn down.
            "OMP_NUM_THREADS": "1",
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "SAGEMAKER_MODEL_SERVER_WORKERS": str(WORKERS),
            "PERENNIAL_MODEL_VERSION": "3",
            "BIND_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": str(port),
            "MLSERVER_GRPC_PORT": str(free_port()),
            "MLSERVER_METRICS_PORT": str(free_port()),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port, rival)
        yield f"http://127.0.0.1:{port}{rival.path}"
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", port: int, rival: Rival) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", rival.ready)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"{rival.name} did not start: {' '.join(rival.command)}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
