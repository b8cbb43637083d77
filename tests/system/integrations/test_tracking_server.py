"""The tracking server of one machine: what was logged over HTTP is there after it was ended."""

import json
import os
import signal
import subprocess
import textwrap
import threading
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.client import PROJECT

pytestmark = [pytest.mark.system, pytest.mark.timeout(200)]

IMAGE_PYTHON = PROJECT / ".perennial" / "env" / "ml" / "bin" / "python"
LOG_A_RUN = textwrap.dedent(
    """
    import mlflow

    mlflow.set_experiment("churn")
    with mlflow.start_run(run_name="by-hand") as run:
        mlflow.log_param("max_iter", 100)
        mlflow.log_metric("auc", 0.84)
        mlflow.log_text("evidence", "evaluation.txt")
    print(f"id={run.info.run_id}")
    """
)


@contextmanager
def server(folder: Path) -> Generator[tuple[str, "subprocess.Popen[str]"]]:
    """Start it as another program does; yield its address and process."""
    process = subprocess.Popen(
        [PROJECT / "tools" / "mlflow", "--folder", folder], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        ready, _, address = process.stdout.readline().strip().partition(" ")
        try:
            assert ready == "ready", (folder / "server.log").read_text()
            yield address, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def log_a_run(address: str, home: Path) -> str:
    """Log with the image's own, small client; return the run's id."""
    done = subprocess.run(
        [IMAGE_PYTHON, "-c", LOG_A_RUN],
        env={
            "PATH": os.defpath,
            "HOME": str(home),
            "MLFLOW_TRACKING_URI": address,
            "DO_NOT_TRACK": "true",
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("id=")[2].split()[0]


def answer(url: str) -> bytes:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=30) as response:
        return response.read()


def gone(address: str) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            answer(f"{address}/health")
        except OSError:
            return True
        threading.Event().wait(0.1)
    return False


def test_a_run_logged_by_the_images_client_outlives_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "mlflow"
    with server(folder) as (address, _):
        run_id = log_a_run(address, tmp_path)
    assert gone(address)
    with server(folder) as (address, process):
        told = json.loads(answer(f"{address}/api/2.0/mlflow/runs/get?run_id={run_id}"))["run"]
        page = answer(address)
        second = subprocess.run(
            [PROJECT / "tools" / "mlflow", "--folder", folder],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert process.poll() is None
    assert told["data"]["metrics"][0]["value"] == 0.84
    assert told["data"]["params"] == [{"key": "max_iter", "value": "100"}]
    assert [path.read_text() for path in folder.rglob("evaluation.txt")] == ["evidence"]
    assert b"MLflow" in page
    assert second.returncode == 1
    assert f"another server has {folder} already" in second.stderr
    assert gone(address)
