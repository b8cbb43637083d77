from hashlib import sha256
from typing import Any

import pytest

from contracts.errors import ContractError
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.registration.decision import Candidate, metadata
from lambdas.registration.handler import register_candidate
from lambdas.registration.registry import Registry
from tests.unit.lambdas.examples import evaluation, request

ARTIFACT = "s3://artifacts/churn/models/job/output/model.tar.gz"
EVALUATION = f"churn/runs/{request().run_id}/evaluation/evaluation.json"


def facts(**changes: Any) -> dict[str, str]:
    candidate: dict[str, Any] = {
        "job_name": "churn-dev-0123456789ab-train-0",
        "model_data_url": ARTIFACT,
        "artifact_sha256": "a" * 64,
        "artifact_version": "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo",
        "snapshot_digest": "f" * 64,
        "evaluation": evaluation(),
    }
    asked = changes.pop("request", request())
    return metadata(asked, Candidate(**{**candidate, **changes}), reports_bucket="reports")


def test_metadata_holds_digests_and_pointers() -> None:
    found = facts()

    assert found["evaluation_uri"] == f"s3://reports/{EVALUATION}"
    for name in ("golden.csv", "answers.json", "predictions.json", "schema.json"):
        kind = name.partition(".")[0]
        assert found[f"{kind}_uri"].endswith(f"/evaluation/{name}")
    assert found["artifact_version"].startswith("3/L4kqt")
    assert found["snapshot_digest"] == "f" * 64
    assert (found["metric"], found["metric_value"]) == ("auc", "0.75")
    assert found["manifest_sha256"] == "b" * 64
    assert found["environment"] == "dev"
    assert found["code_commit"] == "unknown"


@pytest.mark.parametrize(
    "broken", [None, [], {}, "text", {"candidate": 3, "metric": ["auc"]}, {"candidate": {}}]
)
def test_a_broken_evaluation_is_registered_without_its_figures(broken: object) -> None:
    found = facts(evaluation=broken)

    assert "metric_value" not in found
    assert found["artifact_sha256"] == "a" * 64


@pytest.mark.parametrize("value", ["s3://assets/a,b.zip", "s3://assets/'.zip", "x" * 257, "a\nb"])
def test_what_the_registry_would_refuse_is_refused_by_name(value: str) -> None:
    with pytest.raises(ContractError, match=r"^registry metadata code_uri must be 1 to 256"):
        facts(request=request(code_uri=value))


@pytest.fixture
def registry(sagemaker: Any) -> Registry:
    return Registry(sagemaker, group="churn-dev", instance_type="ml.m5.large")


def register(registry: Registry, run: str) -> int:
    asked = request(run_id=run)
    return registry.register(asked, model_data_url=ARTIFACT, metadata={"run_id": run}).version


def test_a_candidate_is_pending_with_its_image_by_digest(
    registry: Registry, sagemaker: Any
) -> None:
    package = registry.register(request(), model_data_url=ARTIFACT, metadata=facts())

    found = sagemaker.describe_model_package(ModelPackageName=package.arn)
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    [container] = found["InferenceSpecification"]["Containers"]
    assert container["Image"] == request().image_uri
    assert container["ModelDataUrl"] == ARTIFACT
    assert found["CustomerMetadataProperties"]["run_id"] == request().run_id


def test_the_package_of_a_run_is_found_among_others(registry: Registry) -> None:
    versions = {run: register(registry, run) for run in ("run-b", "run-a", "run-c")}

    found = registry.of_run("run-a")

    assert found is not None
    assert found.version == versions["run-a"] == 2
    assert registry.of_run("run") is None


class PagedRegistry:
    """A group of more than one page, the wanted package on the second."""

    def get_paginator(self, operation: str) -> "PagedRegistry":
        assert operation == "list_model_packages"
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        assert asked == {
            "ModelPackageGroupName": "churn-dev",
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }
        return [
            {"ModelPackageSummaryList": [{"ModelPackageArn": "g/9"}]},
            {
                "ModelPackageSummaryList": [
                    {"ModelPackageArn": "g/8", "ModelPackageDescription": "Candidate of run-a"}
                ]
            },
        ]


def test_all_pages_of_the_group_are_searched() -> None:
    found = Registry(PagedRegistry(), group="churn-dev", instance_type="x").of_run("run-a")

    assert found is not None
    assert found.version == 8


def test_registering_again_after_a_crash_finds_the_first_package(
    registry: Registry,
    s3: Any,
    documents: Documents,
    ledger: Ledger,
    ledger_table: Any,
    sagemaker: Any,
) -> None:
    s3.put_object(Bucket="artifacts", Key=ARTIFACT.removeprefix("s3://artifacts/"), Body=b"tar")
    documents.write("reports", EVALUATION, render(evaluation()))

    answers = [
        register_candidate(
            request(),
            training={"job_name": "job", "model_data_url": ARTIFACT},
            snapshot_digest="f" * 64,
            reports_bucket="reports",
            documents=documents,
            registry=registry,
            ledger=ledger,
        )
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert answers[0]["version"] == 1
    package = sagemaker.describe_model_package(ModelPackageName=answers[0]["model_package_arn"])
    recorded = package["CustomerMetadataProperties"]
    assert recorded["artifact_sha256"] == sha256(b"tar").hexdigest()
    [line] = ledger_table.scan()["Items"]
    assert line["kind"] == "candidate_registered"


def test_a_candidate_without_evaluation_is_registered_for_the_gate_to_reject(
    registry: Registry, s3: Any, documents: Documents, ledger: Ledger
) -> None:
    s3.put_object(Bucket="artifacts", Key=ARTIFACT.removeprefix("s3://artifacts/"), Body=b"tar")

    answer = register_candidate(
        request(),
        training={"job_name": "job", "model_data_url": ARTIFACT},
        snapshot_digest="f" * 64,
        reports_bucket="reports",
        documents=documents,
        registry=registry,
        ledger=ledger,
    )

    assert answer["version"] == 1
