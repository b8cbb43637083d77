"""A running server refuses what nobody should send, and goes on (benchmarks/hostile_requests.py has
fifty thousand of them)."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from job_folders import CHURN
from test_serving import ROW, connected, server

from benchmarks.hostile_requests import send
from contracts.card import load

NAMES = [feature.name for feature in load(CHURN / "card.toml").features]
EXAMPLES = 2000


@pytest.mark.slow
def test_hostile_requests_are_refused_with_a_reason_and_kill_nobody(trained: Path) -> None:
    with server(trained.parent, SAGEMAKER_MODEL_SERVER_WORKERS="2") as (process, port):
        connected(process, port).close()
        told = send(port, NAMES, EXAMPLES, number=4)
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("POST", "/invocations", ROW, {"content-type": "text/csv"})
            assert json.loads(connection.getresponse().read())["predictions"]
            connection.request("GET", "/metrics")
            figures = connection.getresponse().read().decode()
    assert told["WRONG"] == 0
    assert told.total() >= EXAMPLES
    assert {"200", "400", "406", "413", "415"} <= told.keys()
    assert "perennial_worker_restarts_total 0.0" in figures
    assert 'perennial_requests_total{status="5' not in figures
