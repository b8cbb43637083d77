from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from contracts import state
from lambdas.adapters.scalable_variant import ScalableVariant
from lambdas.adapters.state import StateTable
from lambdas.teardown.alarms import Alarms
from lambdas.teardown.hosting import Hosting, StillThere
from lambdas.teardown.jobs import Jobs
from lambdas.teardown.removal import Removal
from lambdas.teardown.versions import Versions


def always() -> bool:
    return True


class DeletingPackages:
    """moto's SageMaker with what it lacks: DeleteModelPackage and a policy that denies it."""

    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker
        self.deleted: list[str] = []
        self.denied = True

    def delete_model_package_group_policy(self, *, ModelPackageGroupName: str) -> None:
        if not self.denied:
            told = {
                "Code": "ValidationException",
                "Message": f"Cannot find resource policy for: {ModelPackageGroupName}",
            }
            raise ClientError({"Error": told}, "DeleteModelPackageGroupPolicy")
        self.denied = False

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._sagemaker, operation)

    def delete_model_package(self, *, ModelPackageName: str) -> None:
        assert not self.denied, "the group's policy denies it"
        self.deleted.append(ModelPackageName)


def removal(sagemaker: Any, state_table: StateTable) -> Removal:
    return Removal(
        hosting=Hosting(sagemaker, pause=lambda: None),
        versions=Versions(sagemaker),
        jobs=Jobs(sagemaker),
        alarms=Alarms(boto3.client("cloudwatch")),
        autoscaling=boto3.client("application-autoscaling"),
        state=state_table,
    )


def deploy(sagemaker: Any, name: str) -> None:
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn="arn:aws:iam::123456789012:role/endpoint-role"
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "live",
                "ModelName": name,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
            }
        ],
    )
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{name}-5xx",
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )


def names(sagemaker: Any) -> dict[str, list[str]]:
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    configs = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    return {
        "models": [one["ModelName"] for one in sagemaker.list_models()["Models"]],
        "configs": [one["EndpointConfigName"] for one in configs],
        "alarms": [one["AlarmName"] for one in alarms],
        "endpoints": [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]],
    }


def test_all_that_run_time_made_goes_and_nothing_else(
    sagemaker: Any, state_table: StateTable
) -> None:
    for name in ("churn-dev-v1-aaaaaaaa", "churn-dev-v2-bbbbbbbb", "churn-prod-v1-cccccccc"):
        deploy(sagemaker, name)
    deploy(sagemaker, "other-churn-dev-v1-dddddddd")
    sagemaker.create_endpoint(EndpointName="churn-dev", EndpointConfigName="churn-dev-v2-bbbbbbbb")
    for _ in range(2):
        sagemaker.create_model_package(ModelPackageGroupName="churn-dev")
    state_table.write(state.champion("churn"), {"version": 2})
    state_table.write(state.champion("recsys"), {"version": 1})
    remembered = (
        state.accepted,
        state.rejections,
        state.admission,
        state.paused,
        state.asleep,
        state.reconciliation,
    )
    for item in remembered:
        state_table.write(item("churn"), {"of": "a model that is gone"})
    autoscaling = boto3.client("application-autoscaling")
    for endpoint in ("churn-dev", "churn-prod"):
        ScalableVariant(autoscaling, endpoint=endpoint).bound(least=2, most=4)

    account = DeletingPackages(sagemaker)

    removed = removal(account, state_table).remove("churn", "dev", time_left=always)

    assert [arn.rsplit("/", 1)[1] for arn in account.deleted] == ["1", "2"]
    assert removed == (
        "removed 1 endpoint, 2 configurations, 2 models, 2 model versions and 2 alarms; "
        "stopped 0 jobs"
    )
    kept = ["churn-prod-v1-cccccccc", "other-churn-dev-v1-dddddddd"]
    assert names(sagemaker) == {
        "models": kept,
        "configs": kept,
        "alarms": [f"{name}-5xx" for name in kept],
        "endpoints": [],
    }
    targets = autoscaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    assert [target["ResourceId"] for target in targets["ScalableTargets"]] == [
        "endpoint/churn-prod/variant/live"
    ]
    for item in (state.champion, *remembered):
        assert state_table.read(item("churn")) is None
    assert state_table.read(state.champion("recsys")) == {"version": 1}


def test_a_second_deletion_finds_nothing(sagemaker: Any, state_table: StateTable) -> None:
    account = DeletingPackages(sagemaker)
    account.denied = False

    removed = removal(account, state_table).remove("churn", "dev", time_left=always)

    assert removed.startswith("removed 0 endpoint, 0 configurations")


def test_a_missing_group_is_no_failure(aws: None) -> None:
    account = DeletingPackages(boto3.client("sagemaker"))
    account.denied = False

    assert Versions(account).delete_all("churn-dev") == 0


class FakeSageMaker:
    """An endpoint that goes through its statuses, and jobs of this model and another."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.calls: list[str] = []
        self.stopped: list[str] = []

    def describe_endpoint(self, **asked: str) -> dict[str, str]:
        if not self.statuses:
            error = {"Code": "ValidationException", "Message": 'Could not find endpoint "x".'}
            raise ClientError({"Error": error}, "DescribeEndpoint")
        return {"EndpointStatus": self.statuses.pop(0)}

    def delete_endpoint(self, **asked: str) -> None:
        self.calls.append("delete")

    def get_paginator(self, operation: str) -> "FakeSageMaker":
        self.operation = operation
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        assert asked == {"NameContains": "churn-dev-", "StatusEquals": "InProgress"}
        kind = self.operation.split("_")[1].capitalize()
        found = ["churn-dev-run-train-0", "my-churn-dev-run-train-0"]
        pages = [found, ["churn-dev-run2-train-0"]]
        return [
            {f"{kind}JobSummaries": [{f"{kind}JobName": name} for name in page]} for page in pages
        ]

    def stop_training_job(self, **asked: str) -> None:
        self.stopped.append(f"training {asked['TrainingJobName']}")

    def stop_transform_job(self, **asked: str) -> None:
        self.stopped.append(f"transform {asked['TransformJobName']}")

    def stop_processing_job(self, **asked: str) -> None:
        self.stopped.append(f"processing {asked['ProcessingJobName']}")


def test_an_endpoint_that_changes_is_waited_for_then_deleted_once() -> None:
    sagemaker = FakeSageMaker("Updating", "Updating", "InService", "Deleting", "Deleting")

    assert Hosting(sagemaker, pause=lambda: None).delete_endpoint("churn-dev", time_left=always)
    assert sagemaker.calls == ["delete"]


def test_an_endpoint_that_does_not_go_in_time_is_named() -> None:
    sagemaker = FakeSageMaker("InService", "Deleting", "Deleting")
    left = iter([True, False])

    with pytest.raises(StillThere, match="endpoint churn-dev is still Deleting and not gone"):
        Hosting(sagemaker, pause=lambda: None).delete_endpoint(
            "churn-dev", time_left=lambda: next(left)
        )


def test_running_jobs_of_this_model_are_stopped_on_every_page() -> None:
    sagemaker = FakeSageMaker()

    assert Jobs(sagemaker).stop_all("churn-dev-") == 6
    assert sagemaker.stopped == [
        "training churn-dev-run-train-0",
        "training churn-dev-run2-train-0",
        "processing churn-dev-run-train-0",
        "processing churn-dev-run2-train-0",
        "transform churn-dev-run-train-0",
        "transform churn-dev-run2-train-0",
    ]
