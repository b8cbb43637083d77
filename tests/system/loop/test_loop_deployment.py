"""Deploying again changes nothing that serves; destroying leaves nothing behind."""

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from contracts.naming import VARIANT
from emulator import processes
from tests.system.loop.cdk_cli import Cdk, can_unshare
from tests.system.loop.platform_under_test import Platform

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]


def test_synthesis_needs_no_network_and_no_credentials(next_release: Cdk):
    if not can_unshare():
        pytest.skip("this machine does not let us run a program without a network (unshare)")
    assert len(list(next_release.assembly.glob("*.template.json"))) == 3


def test_deploying_again_changes_nothing_that_serves(platform: Platform):
    champion, before = platform.champion(), _what_serves(platform)

    said = platform.cdk.deploy(platform.account)

    assert said.count("(no changes)") == 3, said
    assert _what_serves(platform) == before
    platform.assert_at_rest_on(champion)


def test_deploying_the_next_release_changes_nothing_that_serves(
    platform: Platform, next_release: Cdk
):
    champion, before, code = platform.champion(), _what_serves(platform), platform.code_uri

    next_release.deploy(platform.account)

    assert platform.drift_alarm()["Threshold"] == 0.31
    assert platform.code_uri != code
    assert _what_serves(platform) == before
    platform.assert_at_rest_on(champion)
    # The others' scenarios go on with the first release, whichever comes first.
    platform.cdk.deploy(platform.account)
    assert platform.code_uri == code
    assert _what_serves(platform) == before


def _what_serves(platform: Platform) -> dict[str, Any]:
    sagemaker, endpoint = platform.client("sagemaker"), platform.endpoint()
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    [variant] = config["ProductionVariants"]
    model = sagemaker.describe_model(ModelName=variant["ModelName"])
    return {
        "endpoint": endpoint["EndpointArn"],
        "changed at": endpoint["LastModifiedTime"],
        "config": config["EndpointConfigName"],
        "model": (model["ModelName"], model["PrimaryContainer"]["ModelDataUrl"]),
        "answers": platform.ask_model(platform.request_rows(3)),
    }


@pytest.mark.last
def test_destroying_leaves_nothing_behind(platform: Platform):
    account, version = platform.account, platform.champion().model_package_arn
    platform.inbox.close()
    # As promotion makes it for a card with [serving.autoscaling], which this model's has not.
    account.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{platform.deployed.endpoint}/variant/{VARIANT}",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=2,
        MaxCapacity=4,
    )
    before = _left_over(platform)
    assert before.keys() >= {
        "endpoints",
        "endpoint configs",
        "models",
        "alarms",
        "log groups",
        "scalable targets",
    }

    platform.cdk.destroy(account)

    assert _left_over(platform) == {}
    with pytest.raises(ClientError, match="does not exist"):
        account.client("sagemaker").describe_model_package(ModelPackageName=version)
    address = urlsplit(account.endpoint_url)
    account.stop()
    assert list(processes.marked(account.state)) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5)


_NOT_OURS = (
    "cdk-hnb659fds",
    "CDKToolkit",
    "/aws/sagemaker/ProcessingJobs",
    "/aws/sagemaker/TrainingJobs",
    "/aws/sagemaker/TransformJobs",
)
"""What `cdk bootstrap` made, and the groups in which SageMaker logs all jobs of an account."""

_LISTS: dict[str, tuple[str, str, str, str]] = {
    "endpoints": ("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
    "endpoint configs": (
        "sagemaker",
        "list_endpoint_configs",
        "EndpointConfigs",
        "EndpointConfigName",
    ),
    "models": ("sagemaker", "list_models", "Models", "ModelName"),
    "package groups": (
        "sagemaker",
        "list_model_package_groups",
        "ModelPackageGroupSummaryList",
        "ModelPackageGroupName",
    ),
    "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "dashboards": ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "buckets": ("s3", "list_buckets", "Buckets", "Name"),
    "functions": ("lambda", "list_functions", "Functions", "FunctionName"),
    "rules": ("events", "list_rules", "Rules", "Name"),
    "schedules": ("scheduler", "list_schedules", "Schedules", "Name"),
    "state machines": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "topics": ("sns", "list_topics", "Topics", "TopicArn"),
    "roles": ("iam", "list_roles", "Roles", "RoleName"),
    "repositories": ("ecr", "describe_repositories", "repositories", "repositoryName"),
    "stacks": ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    "log groups": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
}


def _left_over(platform: Platform) -> dict[str, list[str]]:
    """Return by kind what exists and is the platform's to delete."""
    found = {
        kind: [item[name] for item in _pages(platform.client(service), call, key)]
        for kind, (service, call, key, name) in _LISTS.items()
    }
    scaling = platform.client("application-autoscaling")
    found["scalable targets"] = [
        target["ResourceId"]
        for target in scaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
            "ScalableTargets"
        ]
    ]
    found["running transform jobs"] = [
        job["TransformJobName"]
        for job in platform.client("sagemaker").list_transform_jobs(StatusEquals="InProgress")[
            "TransformJobSummaries"
        ]
    ]
    found["composite alarms"] = [
        alarm["AlarmName"]
        for alarm in platform.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])[
            "CompositeAlarms"
        ]
    ]
    found["tables"] = platform.client("dynamodb").list_tables()["TableNames"]
    found["queues"] = platform.client("sqs").list_queues().get("QueueUrls", [])
    found["keys"] = _live_keys(platform.client("kms"))
    ours = {
        kind: [name for name in names if not any(each in name for each in _NOT_OURS)]
        for kind, names in found.items()
    }
    return {kind: names for kind, names in ours.items() if names}


def _pages(client: Any, call: str, key: str) -> list[dict[str, Any]]:
    if not client.can_paginate(call):
        method: Callable[[], dict[str, Any]] = getattr(client, call)
        return method()[key]
    return [item for page in client.get_paginator(call).paginate() for item in page[key]]


def _live_keys(kms: Any) -> list[str]:
    """Return keys that nobody has asked to delete: KMS waits at least a week before it does."""
    keys = [key["KeyId"] for key in _pages(kms, "list_keys", "Keys")]
    described = [kms.describe_key(KeyId=key)["KeyMetadata"] for key in keys]
    return [key["KeyId"] for key in described if key["KeyState"] != "PendingDeletion"]
