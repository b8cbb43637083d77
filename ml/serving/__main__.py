"""Serve one model: ``python -m ml.container serve``, under SageMaker's hosting contract."""

import os
import socket
import sys
from collections.abc import Mapping

from contracts import artifact
from contracts.capture import ContainerCapture
from contracts.errors import ContractError
from ml.places import of_container
from ml.refusal import Refusal
from ml.serving import machine
from ml.serving.application import Application
from ml.serving.capture import Capture
from ml.serving.destination import open_destination, prepare
from ml.serving.figures import CaptureCells, new_board
from ml.serving.predictor import load_verified
from ml.serving.served import Served
from ml.serving.supervisor import Patience, Supervisor
from ml.serving.worker import BACKLOG, work


def main() -> int:
    return serve(os.environ, Patience())


def serve(variables: Mapping[str, str], patience: Patience) -> int:
    """Verify the model, answer with it until SIGTERM; return the exit code."""
    try:
        captured = ContainerCapture.of(variables)
        workers = machine.workers(variables)
        # No port is open before the model is verified: /ping never speaks for another one.
        predictor = load_verified(of_container().model, variables.get(artifact.MANIFEST_VARIABLE))
        served = Served(predictor, variables.get(artifact.VERSION_VARIABLE, ""))
        served.warm()
    except (Refusal, ContractError) as refusal:
        print(f"refused: {refusal}", file=sys.stderr, flush=True)
        return 1
    machine.allow_many_connections()
    board = new_board(workers)
    if captured is not None:
        prepare()
    host = variables.get("BIND_HOST", "0.0.0.0")  # noqa: S104 - a container's own network
    listener = open_listener(host, int(variables.get("SAGEMAKER_BIND_TO_PORT", "8080")))

    def worker(number: int) -> int:
        capture = None
        if captured is not None:
            cells = CaptureCells(board.row(number))
            capture = Capture(captured, open_destination(captured), cells)
        return work(Application(served, board, number, capture), board, number, listener, capture)

    return Supervisor(board=board, work=worker, patience=patience).run(listener)


def open_listener(host: str, port: int) -> socket.socket:
    """One socket for all workers: when one dies, others accept what waits."""
    return socket.create_server((host, port), backlog=BACKLOG)


if __name__ == "__main__":
    sys.exit(main())
