"""Every model scores whole files on request; one that serves in batches does so as they land."""

import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import platform
from tests.infra.support import (
    Template,
    Templates,
    definition,
    listed,
    resources,
    statements,
    synthesize,
    text_of,
)
from tests.infra.test_workflows import misfits

CHURN = next(path for path in platform.model_folders() if path.name == "churn")


@pytest.fixture(scope="module")
def in_batches(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder: Path = tmp_path_factory.mktemp("batches") / "churn"
    shutil.copytree(CHURN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    card = folder / "card.toml"
    card.write_text(f'{card.read_text()}\n[serving]\nmode = "batch"\n')
    return synthesize("dev", folders=[folder])["perennial-dev-churn"]


def test_the_job_s_request_has_the_shape_that_the_service_takes(dev: Templates) -> None:
    score = definition(dev["perennial-dev-churn"], "-batch")["States"]["Score"]
    assert score["Resource"].endswith("sagemaker:createTransformJob.sync")
    model: Any = boto3.client("sagemaker", region_name="eu-west-1").meta.service_model  # pyright: ignore[reportUnknownMemberType]
    shape = model.operation_model("CreateTransformJob").input_shape
    assert list(misfits(score["Arguments"], shape, "Score")) == []


def test_a_batch_counts_its_rows_after_the_job_and_catches_nothing(dev: Templates) -> None:
    machine = definition(dev["perennial-dev-churn"], "-batch")
    states = machine["States"]
    assert states["Score"]["Next"] == "Verify"
    assert states["Verify"]["End"] is True
    assert not any("Catch" in state for state in states.values())
    assert states["Score"]["TimeoutSeconds"] < machine["TimeoutSeconds"]
    assert states["Score"]["Arguments"]["TransformJobName"].endswith("RedriveCount) %}")


def test_only_a_model_that_serves_in_batches_scores_what_lands(
    dev: Templates, in_batches: Template
) -> None:
    def prefixes(template: Template) -> list[str]:
        rules = resources(template, "AWS::Events::Rule").values()
        patterns = [rule["Properties"].get("EventPattern", {}) for rule in rules]
        keys = [each.get("detail", {}).get("object", {}).get("key", []) for each in patterns]
        return [key["prefix"] for found in keys for key in found]

    assert "churn/batch/incoming/" in prefixes(in_batches)
    assert "churn/batch/incoming/" not in prefixes(dev["perennial-dev-churn"])


def test_batches_read_and_write_below_their_own_prefix_alone(dev: Templates) -> None:
    for name, statement in statements({"stack": dev["perennial-dev-churn"]}):
        if name.startswith("stack/Batch") and any(
            action.startswith("s3:") and "Object" in action
            for action in listed(statement["Action"])
        ):
            for resource in listed(statement["Resource"]):
                assert text_of(resource).endswith("/churn/batch/*")
