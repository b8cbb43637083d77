"""Serve one model: ``python -m ml.container serve``, under SageMaker's hosting contract."""

import os
import sys

import uvicorn

from contracts import artifact
from contracts.errors import ContractError
from ml.places import of_container
from ml.refusal import Refusal
from ml.serving.application import build
from ml.serving.predictor import load_verified

DRAIN_SECONDS = 25
"""SageMaker sends SIGTERM and 30 seconds later SIGKILL; requests in flight get most of that."""


def main() -> int:
    places = of_container()
    try:
        # No port is open before the model is verified: /ping never speaks for another one.
        predictor = load_verified(places.model, os.environ.get(artifact.MANIFEST_VARIABLE))
    except (Refusal, ContractError) as refusal:
        print(f"refused: {refusal}", file=sys.stderr, flush=True)
        return 1
    uvicorn.run(
        build(predictor, os.environ.get(artifact.VERSION_VARIABLE, "")),
        host=os.environ.get("BIND_HOST", "0.0.0.0"),  # noqa: S104 - a container's own network
        port=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
