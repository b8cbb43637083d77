"""Cards that ask for other instances, or for spare capacity: what their templates say."""

import json
import re
from typing import Any

import boto3
import pytest

from tests.infra.support import Templates, definition, resources, statements, synthesize, text_of
from tests.infra.test_models import variant
from tests.infra.test_workflows import misfits

pytestmark = pytest.mark.slow

MORE = """
[training]
fallback_instance_types = ["ml.m5.xlarge", "ml.c5.xlarge"]
spot = true
max_wait_seconds = 5400

[processing]
fallback_instance_types = ["ml.m5.xlarge", "ml.c5.xlarge"]
"""


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Churn with two more instance types for its jobs, training on spare capacity."""
    folder = variant(tmp_path_factory.mktemp("models"), more=MORE)
    return synthesize("dev", folders=[folder])


@pytest.fixture(scope="module")
def states(templates: Templates) -> dict[str, Any]:
    return definition(templates["perennial-dev-churn"], "-retraining")["States"]


@pytest.mark.parametrize("step", ["Validate", "Train", "Evaluate"])
def test_a_job_that_failed_is_caught_to_see_whether_another_type_helps(
    step: str, states: dict[str, Any]
) -> None:
    [caught] = states[step]["Catch"]
    choice = states[caught["Next"]]
    [elsewhere] = choice["Choices"]
    assert caught["ErrorEquals"] == ["States.TaskFailed"]
    assert elsewhere["Next"] == step
    assert f"${step.lower()}_type < 2" in elsewhere["Condition"]
    assert "ResourceLimitExceededException" in elsewhere["Condition"]
    assert "CapacityError" in elsewhere["Condition"]
    assert "MaxWaitTimeExceeded" in elsewhere["Condition"]
    assert states["Snapshot"]["Assign"][f"{step.lower()}_type"] == 0


@pytest.mark.parametrize("step", ["Validate", "Train", "Evaluate"])
def test_what_no_type_helps_fails_at_a_task_from_which_a_redrive_begins_anew(
    step: str, states: dict[str, Any]
) -> None:
    gave_up = states[f"{step}Failed"]
    assert states[f"{step}Elsewhere"]["Default"] == f"{step}Failed"
    assert gave_up["Type"] == "Task"
    assert gave_up["Next"] == step
    assert gave_up["Assign"] == {f"{step.lower()}_type": 0}
    assert "Catch" not in gave_up


@pytest.mark.parametrize("step", ["Validate", "Train", "Evaluate"])
def test_each_type_and_redrive_has_a_job_name_of_its_own_that_is_not_too_long(
    step: str, states: dict[str, Any]
) -> None:
    arguments = states[step]["Arguments"]
    name = arguments.get("ProcessingJobName") or arguments["TrainingJobName"]
    assert "RedriveCount" in name
    assert f"${step.lower()}_type" in name
    longest = f"{'m' * 24}-prod-{'0' * 12}-{step.lower()}-1000-9"
    assert len(longest) <= 63


def test_training_on_spare_capacity_resumes_from_the_runs_own_checkpoints(
    states: dict[str, Any],
) -> None:
    train = states["Train"]["Arguments"]
    assert train["EnableManagedSpotTraining"] is True
    assert train["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 1800,
        "MaxWaitTimeInSeconds": 5400,
    }
    place = train["CheckpointConfig"]["S3Uri"]
    assert re.search(r"/churn/checkpoints/' & \$request\.run_id & '/'", place)
    assert states["Train"]["TimeoutSeconds"] > 5400


def test_jobs_may_store_checkpoints(templates: Templates, dev: Templates) -> None:
    def allowed(found: Templates) -> bool:
        return any(
            "churn/checkpoints/*" in json.dumps(statement["Resource"])
            for _, statement in statements(found)
        )

    assert allowed(templates)
    assert not allowed(dev)


def test_requests_still_have_the_shape_that_the_service_takes(states: dict[str, Any]) -> None:
    client = boto3.client("sagemaker", region_name="eu-west-1")
    model = client.meta.service_model.operation_model("CreateTrainingJob")
    assert list(misfits(states["Train"]["Arguments"], model.input_shape, "Train")) == []


def test_a_card_with_one_type_has_none_of_this(dev: Templates) -> None:
    template = dev["perennial-dev-churn"]
    plain = definition(template, "-retraining")["States"]
    assert [name for name in plain if name.endswith(("Elsewhere", "Failed"))] == []
    functions = resources(template, "AWS::Lambda::Function").values()
    handlers = [text_of(each["Properties"]["Handler"]) for each in functions]
    assert [each for each in handlers if "job_failure" in each] == []
