"""A card with [ingestion] gets a workflow of its own, and may do no more than its sources need."""

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

pytestmark = pytest.mark.slow

CHURN = next(path for path in platform.model_folders() if path.name == "churn")
PREFIX = '{ dataset = "purchases", kind = "prefix", prefix = "shop/{day}/" }'
QUERY = (
    '{ dataset = "labels", kind = "query", query = "SELECT {day}", database = "city", '
    'reads = ["s3://lake/labels/"] }'
)
CODE = '{ dataset = "labels", kind = "code" }'


def synthesized(folder: Path, *sources: str) -> Template:
    shutil.copytree(CHURN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    section = f'[ingestion]\nschedule = "rate(1 day)"\nsources = [{", ".join(sources)}]\n\n[gate]'
    card = (folder / "card.toml").read_text().replace("[gate]", section)
    (folder / "card.toml").write_text(card)
    return synthesize("dev", folders=[folder])["perennial-dev-churn"]


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return synthesized(tmp_path_factory.mktemp("fetching") / "churn", PREFIX, QUERY)


def allowed(template: Template, role: str) -> dict[str, list[str]]:
    """The resources of each action that a role may do."""
    found: dict[str, list[str]] = {}
    for name, statement in statements({"stack": template}):
        if name.startswith(f"stack/{role}"):
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    found.setdefault(action, []).append(text_of(resource))
    return found


def test_a_model_without_ingestion_has_none_of_it(dev: Templates) -> None:
    names = str(dev["perennial-dev-churn"]["Resources"].keys())
    assert "Ingestion" not in names
    assert "IngestionArn" not in dev["perennial-dev-churn"]["Outputs"]


def test_days_are_fetched_one_at_a_time_by_jobs_that_can_neither_hang_nor_be_lost(
    fetching: Template,
) -> None:
    machine = definition(fetching, "perennial-dev-churn-ingestion")
    each = machine["States"]["EachDay"]
    day = each["ItemProcessor"]["States"]["FetchDay"]
    assert each["MaxConcurrency"] == 1
    assert each["Items"] == "{% $states.input.days %}"
    stops = day["Arguments"]["StoppingCondition"]["MaxRuntimeInSeconds"]
    assert stops < day["TimeoutSeconds"] < machine["TimeoutSeconds"]
    assert "Catch" not in {**each, **day}
    assert all(retry["JitterStrategy"] == "FULL" for retry in day["Retry"])
    assert day["Arguments"]["AppSpecification"]["ContainerEntrypoint"][-1] == "ml.ingestion"


def test_the_job_s_request_has_the_shape_that_the_service_takes(fetching: Template) -> None:
    machine = definition(fetching, "-ingestion")
    arguments = machine["States"]["EachDay"]["ItemProcessor"]["States"]["FetchDay"]["Arguments"]
    client = boto3.client("sagemaker", region_name="eu-west-1")
    model = client.meta.service_model.operation_model("CreateProcessingJob")
    assert list(misfits(arguments, model.input_shape, "FetchDay")) == []
    assert set(model.input_shape.required_members) <= set(arguments)


def test_the_schedule_asks_with_the_time_it_was_meant_for(fetching: Template) -> None:
    inputs = [
        resource["Properties"]["Target"]["Input"]
        for name, resource in resources(fetching, "AWS::Scheduler::Schedule").items()
        if name.startswith("IngestionPlan")
    ]
    assert [text for text in inputs if "<aws.scheduler.scheduled-time>" in text] == inputs != []


def test_a_job_reads_its_sources_and_writes_below_its_model_alone(fetching: Template) -> None:
    may = allowed(fetching, "IngestionJobRole")
    written = {resource.partition("/")[2] for resource in may["s3:PutObject"]}
    assert written == {
        "churn/incoming/*",
        "churn/quarantine/*",
        "churn/ingested/*",
        "_passing/churn/*",
    }
    deleted = {resource.partition("/")[2] for resource in may["s3:DeleteObject"]}
    assert deleted == {"churn/incoming/*", "churn/ingested/*"}
    reads = " ".join(may["s3:GetObject"])
    assert "churn/raw/*" in reads
    assert "s3:::lake/labels/*" in reads
    assert "churn/snapshots" not in reads
    assert all(
        "table/city/*" in arn or "city" in arn or "catalog" in arn for arn in may["glue:GetTable"]
    )
    assert {"athena:StartQueryExecution", "athena:GetQueryExecution"} <= set(may)


def test_a_job_whose_data_come_from_code_may_ask_no_one(tmp_path: Path) -> None:
    may = allowed(synthesized(tmp_path / "churn", CODE), "IngestionJobRole")
    assert not any(action.startswith(("athena:", "glue:")) for action in may)
    assert "churn/raw/" not in str(may)


def test_the_plan_starts_this_machine_and_no_other(fetching: Template) -> None:
    may = allowed(fetching, "IngestionPlanHandlerRole")
    [machine] = set(may["states:StartExecution"])
    assert machine.startswith("<IngestionStateMachine")


def test_what_is_deleted_with_the_stack_comes_after_what_could_make_more(
    fetching: Template,
) -> None:
    def waits_for(resource: dict[str, Any]) -> str:
        return str(resource.get("DependsOn", []))

    found = fetching["Resources"].items()
    machines = [r for name, r in found if name.startswith("IngestionStateMachine")]
    [machine] = [r for r in machines if r["Type"] == "AWS::StepFunctions::StateMachine"]
    assert "TeardownRunTimeResources" in waits_for(machine)
