"""What the promotion machine of a serverless endpoint does itself, since AWS does not."""

import shutil
from pathlib import Path

import pytest

from infra import platform
from tests.infra.support import Template, definition, synthesize

CHURN = next(path for path in platform.model_folders() if path.name == "churn")


@pytest.fixture(scope="module")
def serverless(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder: Path = tmp_path_factory.mktemp("serverless") / "churn"
    shutil.copytree(CHURN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    card = folder / "card.toml"
    card.write_text(f'{card.read_text()}\n[serving]\nmode = "serverless"\n')
    return synthesize("dev", folders=[folder])["perennial-dev-churn"]


def test_the_machine_bakes_what_sagemaker_does_not(serverless: Template) -> None:
    """A look counts once the endpoint moves no more; after 300 seconds of them it is confirmed."""
    states = definition(serverless, "-promotion")["States"]
    assert "? 0 : $looks + 1" in states["Observe"]["Assign"]["looks"]
    [unfinished] = states["IsItDone"]["Choices"]
    assert "or $looks < 6" in unfinished["Condition"]


def test_no_update_asks_for_guardrails_or_for_what_instances_have(serverless: Template) -> None:
    states = definition(serverless, "-promotion")["States"]
    for name in ("UpdateEndpoint", "RestoreEndpoint", "GoBack"):
        assert states[name]["Arguments"].keys() == {"EndpointName", "EndpointConfigName"}


def test_a_smoke_test_leaves_no_captures(serverless: Template) -> None:
    smoke = definition(serverless, "-promotion")["States"]["SmokeTest"]["Arguments"]
    assert smoke["Environment"] == {"PERENNIAL_CAPTURE_URI": ""}
