"""Log a finished training to an MLflow tracking server, which may be down without doing harm."""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.record import Provenance
from ml.files import write_json

VARIABLE = "MLFLOW_TRACKING_URI"
"""An address, or the ARN of a SageMaker tracking server (then sagemaker-mlflow signs requests).

https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-track-experiments.html
"""
LOST = "tracking.json"
"""Written beside the model, below ``output/data``, when something could not be logged."""
LIMITS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""A server that does not answer costs seconds; MLflow's own limits would cost half an hour.

https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html
"""
PATIENCE = 60.0
"""Seconds after which nothing more is begun, however slowly the server answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What there is to tell about one training."""

    model: str
    provenance: Provenance
    metrics: Mapping[str, float]
    folder: Path
    """The artifact's files."""


def log(finished: Finished, output: Path, variables: Mapping[str, str]) -> None:
    """Log ``finished`` when a server is named; say and write down what was lost, and go on."""
    uri = variables.get(VARIABLE)
    if not uri:
        return
    parts = ["parameters", "metrics", "artifact"]
    done: list[str] = []
    try:
        for part in _logged(finished, uri):
            done.append(part)
    except Exception as error:  # whatever a server or a client does, the model is trained
        lost = [part for part in parts if part not in done]
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        write_json(output / LOST, {"uri": uri, "lost": lost, "reason": reason})
        print(f"tracking: lost {', '.join(lost)}: {reason[:300]}", flush=True)
    else:
        print(f"tracking: logged to {uri}", flush=True)


def _logged(finished: Finished, uri: str) -> Iterator[str]:
    """Yield each part's name once the server has it."""
    for name, value in LIMITS.items():
        os.environ.setdefault(name, value)
    # Imported here: only a job that was told of a server pays for it.
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    patience = _Patience()
    client, provenance = MlflowClient(tracking_uri=uri), finished.provenance
    experiment = f"perennial-{finished.model}"
    found = client.get_experiment_by_name(experiment)
    identity = client.create_experiment(experiment) if found is None else found.experiment_id
    facts = provenance.document()
    parameters = [
        Param(name, value) for name, value in sorted(facts.pop("hyperparameters").items())
    ]
    tags = [RunTag(f"perennial.{name}", str(value)) for name, value in facts.items()]
    run = client.create_run(identity, run_name=provenance.run_id).info.run_id
    patience.still()
    client.log_batch(run, params=parameters, tags=tags)
    yield "parameters"
    patience.still()
    now = int(time.time() * 1000)
    client.log_batch(run, [Metric(name, v, now, 0) for name, v in finished.metrics.items()])
    yield "metrics"
    for path in sorted(finished.folder.iterdir()):
        patience.still()
        client.log_artifact(run, str(path), "model")
    client.set_terminated(run)
    yield "artifact"


class _Patience:
    def __init__(self) -> None:
        self._until = time.monotonic() + PATIENCE

    def still(self) -> None:
        if time.monotonic() > self._until:
            raise TimeoutError(f"the server took more than {PATIENCE:g} seconds")
