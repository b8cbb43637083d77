"""Where training logs: nowhere, to the managed server, or to one of one's own."""

import json
from typing import Any

import pytest

from infra.settings import SettingsError, load
from tests.infra.support import (
    Templates,
    definition,
    listed,
    resources,
    statements,
    synthesize,
    text_of,
)

pytestmark = pytest.mark.slow

STACK = "perennial-dev-tracking"


@pytest.fixture(scope="module")
def managed() -> Templates:
    return synthesize("dev", tracking="on")


@pytest.fixture(scope="module")
def own() -> Templates:
    return synthesize("dev", tracking_uri="http://127.0.0.1:5000")


def training(templates: Templates) -> dict[str, Any]:
    states = definition(templates["perennial-dev-churn"], "-retraining")["States"]
    return states["Train"]["Arguments"]


def test_without_the_setting_nothing_is_tracked(dev: Templates) -> None:
    assert STACK not in dev
    assert "Environment" not in training(dev)
    assert training(dev)["EnableNetworkIsolation"] is True


def test_the_managed_server_keeps_files_under_its_own_prefix(managed: Templates) -> None:
    [server] = resources(managed[STACK], "AWS::SageMaker::MlflowTrackingServer").values()
    properties = server["Properties"]
    assert properties["TrackingServerName"] == STACK
    assert text_of(properties["ArtifactStoreUri"]).endswith("/_tracking")
    assert properties["AutomaticModelRegistration"] is False
    written = [
        text_of(resource)
        for name, statement in statements(managed)
        if name.startswith(STACK) and "s3:PutObject" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert written
    assert all(each.endswith("/_tracking/*") for each in written)


def test_training_logs_to_the_managed_server_and_may(managed: Templates) -> None:
    train = training(managed)
    assert "TrackingServerArn" in train["Environment"]["MLFLOW_TRACKING_URI"]
    assert train["EnableNetworkIsolation"] is False
    [logging] = [
        statement
        for name, statement in statements(managed)
        if name.startswith("perennial-dev-churn/")
        and "sagemaker-mlflow:CreateRun" in listed(statement["Action"])
    ]
    assert "TrackingServerArn" in json.dumps(logging["Resource"])
    allowed = {action.partition(":")[2] for action in listed(logging["Action"])}
    assert not {action for action in allowed if action.startswith(("Delete", "AccessUI"))}


def test_only_training_leaves_its_isolation(managed: Templates) -> None:
    states = definition(managed["perennial-dev-churn"], "-retraining")["States"]
    for step in ("Validate", "Evaluate"):
        assert states[step]["Arguments"]["NetworkConfig"]["EnableNetworkIsolation"] is True


def test_a_server_of_ones_own_asks_for_no_permission(own: Templates, dev: Templates) -> None:
    assert STACK not in own
    assert training(own)["Environment"] == {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"}
    assert training(own)["EnableNetworkIsolation"] is False
    assert list(statements(own)) == list(statements(dev))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"tracking": "yes"}, "tracking must be one of off, on, got 'yes'"),
        ({"tracking": "on", "tracking_uri": "http://a"}, "not both"),
        ({"tracking_uri": "ftp://a"}, "tracking_uri must begin with http://, .*got 'ftp://a'"),
    ],
)
def test_a_tracking_that_makes_no_sense_is_refused(asked: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load("dev", **asked)
