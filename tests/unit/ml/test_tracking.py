"""Tracking tells a server of a finished training, and never costs more than seconds."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from job_folders import IMAGE, ROOT, Files, Job

from contracts import artifact
from contracts.record import parse_provenance
from ml.places import Places
from ml.training.__main__ import train
from ml.training.tracking import LIMITS, LOST, Finished, log

SERVER = ROOT / ".perennial" / "env" / "mlflow" / "bin" / "mlflow"


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what logging sets for MLflow's client."""
    for name in (*LIMITS, "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def finished(trained: Path) -> Finished:
    document = json.loads((trained / artifact.PROVENANCE).read_text())
    return Finished(
        model="churn",
        provenance=parse_provenance(document),
        metrics={"auc": 0.8},
        folder=trained,
    )


def dead_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def lost(output: Path) -> dict[str, object]:
    return json.loads((output / LOST).read_text())


def test_without_a_server_nothing_is_logged_nor_imported(trained: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ml.training.tracking import log\n"
        "log(None, Path('nowhere'), {})\n"
        "assert 'mlflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_a_dead_server_costs_no_model_and_what_was_lost_is_written(
    tmp_path: Path, shop: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"as_of": "1997-06-01T00:00:00Z", "run_id": "r", "max_iter": "3"}
    places = Places(base=Job(base=tmp_path).training(shop, settings).base)
    address = dead_address()
    train(places, IMAGE, {"MLFLOW_TRACKING_URI": address})
    assert (places.model / artifact.MANIFEST).is_file()
    found = lost(tmp_path / "output" / "data")
    assert (found["uri"], found["lost"]) == (address, ["parameters", "metrics", "artifact"])
    assert "refused" in str(found["reason"])
    (line,) = [s for s in capsys.readouterr().out.splitlines() if s.startswith("tracking: ")]
    assert line.startswith("tracking: lost parameters, metrics, artifact: ")


@pytest.mark.slow
def test_a_server_that_never_answers_is_given_up(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        log(finished, tmp_path, {"MLFLOW_TRACKING_URI": address})
    assert lost(tmp_path)["lost"] == ["parameters", "metrics", "artifact"]
    assert "timed out" in str(lost(tmp_path)["reason"]).lower()


@pytest.mark.slow
def test_a_tracking_server_of_sagemaker_is_known_by_its_arn(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plug-in answers for the scheme: what is missing here is a network to the server."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", dead_address())
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, dead_address())
    arn = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/perennial"
    log(finished, tmp_path, {"MLFLOW_TRACKING_URI": arn})
    assert lost(tmp_path)["uri"] == arn
    assert "https://us-east-1.experiments.sagemaker.aws/api/" in str(lost(tmp_path)["reason"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    if not SERVER.exists():
        pytest.skip("there is no MLflow server here; tools/setup mlflow makes one")
    process = subprocess.Popen(
        [sys.executable, ROOT / "tools" / "mlflow", "--folder", tmp_path / "server"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.defpath},
    )
    assert process.stdout is not None
    try:
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"]
        yield ready[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        process.stdout.close()


@pytest.mark.slow
def test_a_server_holds_parameters_metrics_files_and_provenance(
    finished: Finished, tmp_path: Path, server: str
) -> None:
    log(finished, tmp_path, {"MLFLOW_TRACKING_URI": server})
    assert not (tmp_path / LOST).exists()

    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name("perennial-churn")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "churn-dev-0123456789ab"
    assert run.info.status == "FINISHED"
    assert run.info.start_time == datetime(1997, 6, 1, tzinfo=UTC).timestamp() * 1000
    assert run.data.params == dict(finished.provenance.hyperparameters)
    assert run.data.metrics == {"auc": 0.8}
    assert run.data.tags["perennial.snapshot_digest"] == finished.provenance.snapshot_digest
    logged = {file.path for file in client.list_artifacts(run.info.run_id, "model")}
    assert logged == {f"model/{path.name}" for path in finished.folder.iterdir()}
    log(finished, tmp_path, {"MLFLOW_TRACKING_URI": server})
    assert len(client.search_runs([experiment.experiment_id])) == 2
