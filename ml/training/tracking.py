"""Log a finished training to an MLflow tracking server, which may be down without doing harm."""

import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contracts import moment
from contracts.record import Provenance
from ml.files import write_json

if TYPE_CHECKING:
    from mlflow import MlflowClient

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
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
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
    client, provenance = _client(uri), finished.provenance
    from mlflow.entities import Metric, Param, RunTag

    patience = _Patience()
    facts = provenance.document()
    settings = sorted(facts.pop("hyperparameters").items())
    # The moment the run knew, as everywhere: a replayed year is a year in MLflow, too.
    at = int(moment.parse(provenance.as_of).timestamp() * 1000)
    experiment = _experiment(client, f"perennial-{finished.model}")
    run = client.create_run(experiment, start_time=at, run_name=provenance.run_id).info.run_id
    patience.still()
    client.log_batch(
        run,
        params=[Param(name, value) for name, value in settings],
        tags=[RunTag(f"perennial.{name}", str(value)) for name, value in facts.items()],
    )
    yield "parameters"
    patience.still()
    client.log_batch(run, [Metric(name, v, at, 0) for name, v in finished.metrics.items()])
    yield "metrics"
    for path in sorted(finished.folder.iterdir()):
        patience.still()
        client.log_artifact(run, str(path), "model")
    client.set_terminated(run, end_time=at)
    yield "artifact"


def _client(uri: str) -> "MlflowClient":
    for name, value in LIMITS.items():
        os.environ.setdefault(name, value)
    # Imported here: only a job that was told of a server pays for it.
    from mlflow import MlflowClient, set_tracking_uri

    if not uri.startswith("arn:"):
        # sagemaker-mlflow wants to sign for every server, and warns at each request that it can't.
        logging.getLogger("mlflow.tracking.request_header.registry").setLevel(logging.ERROR)
    set_tracking_uri(uri)  # sagemaker-mlflow signs by it, not by the client's
    return MlflowClient(tracking_uri=uri)


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    return client.create_experiment(name) if found is None else found.experiment_id


class _Patience:
    def __init__(self) -> None:
        self._until = time.monotonic() + PATIENCE

    def still(self) -> None:
        if time.monotonic() > self._until:
            raise TimeoutError(f"the server took more than {PATIENCE:g} seconds")
