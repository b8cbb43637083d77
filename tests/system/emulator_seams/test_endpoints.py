"""Endpoints by an unmodified SDK: what guards an update, who their containers are, what is told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_seams import serving
from tests.system.emulator_seams.conftest import MINUTE
from tests.system.emulator_seams.serving import Serving

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def serve(account: RunningAccount, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    return Serving(
        account, serving.register(account, tmp_path_factory.mktemp("sources"), "tellers")
    )


@pytest.fixture
def endpoint(serve: Serving, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"endpoint-{abs(hash(request.node.nodeid)) % 10**6}"
    serve.serve(name, instances=2)
    yield name
    serve.remove(name)


def canary(*alarms: str, wait: int = 300) -> dict[str, Any]:
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": wait,
            }
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]},
    }


def test_an_update_is_guarded_by_ten_alarms_at_most(serve: Serving, endpoint: str) -> None:
    with pytest.raises(ClientError, match="less than or equal to 10") as refused:
        serve.sagemaker.update_endpoint(
            EndpointName=endpoint,
            EndpointConfigName=endpoint,
            DeploymentConfig=canary(*(f"a{number}" for number in range(11))),
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_percentile_of_the_new_fleets_latency_rolls_an_update_back(
    account: RunningAccount, serve: Serving, endpoint: str
) -> None:
    new = serve.config(f"{endpoint}-new", instances=2)
    account.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{endpoint}-p99",
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        Dimensions=[
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": "live"},
            {"Name": "EndpointConfigName", "Value": new},
        ],
        ExtendedStatistic="p99",
        Period=60,
        EvaluationPeriods=1,
        Threshold=200_000,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    serve.sagemaker.update_endpoint(
        EndpointName=endpoint,
        EndpointConfigName=new,
        DeploymentConfig=canary(f"{endpoint}-p99"),
    )
    serve.until(lambda: any(serve.invoke(endpoint)["model"] == new for _ in range(5)))
    for _ in range(6):
        serve.invoke(endpoint, b"slow")
    account.advance(2 * MINUTE)
    serve.until(lambda: serve.status(endpoint) == "InService")
    described = serve.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == endpoint
    assert f"went into ALARM: {endpoint}-p99" in described["FailureReason"]


def test_a_serving_containers_calls_are_known_and_can_be_broken(
    account: RunningAccount, serve: Serving, endpoint: str
) -> None:
    account.client("s3").create_bucket(Bucket="stored")
    assert serve.invoke(endpoint, b"store")["model"] == endpoint
    calls = account.calls(endpoint)
    assert {(call.kind, call.service, call.operation) for call in calls} == {
        ("endpoint", "s3", "PutObject")
    }
    account.client("s3").delete_object(Bucket="stored", Key="one")
    options: dict[str, Any] = {"code": "AccessDenied", "status": 403, "times": None}
    with (
        account.fault("s3", "PutObject", of=endpoint, **options) as number,
        pytest.raises(ClientError, match="ModelError"),
    ):
        serve.invoke(endpoint, b"store")
    assert number > 0
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket="stored")


def test_the_logs_of_one_variant_are_found_by_their_prefix(
    account: RunningAccount, serve: Serving, endpoint: str
) -> None:
    logs = account.client("logs")
    group = f"/aws/sagemaker/Endpoints/{endpoint}"

    def lines(prefix: str) -> list[str]:
        found = logs.filter_log_events(logGroupName=group, logStreamNamePrefix=prefix)
        return [event["message"] for event in found["events"]]

    serve.until(lambda: bool(logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]))
    serve.until(lambda: f"serving {endpoint}" in lines("live/"))
    assert lines("other/") == []
    with pytest.raises(ClientError, match="cannot both be specified"):
        logs.filter_log_events(logGroupName=group, logStreamNamePrefix="a", logStreamNames=["b"])


def test_an_image_that_is_not_there_is_an_error_of_ecr(
    account: RunningAccount, serve: Serving
) -> None:
    ecr = account.client("ecr")
    with pytest.raises(
        ecr.exceptions.ImageNotFoundException, match="imageTag:'v2'} does not exist"
    ):
        ecr.describe_images(repositoryName="tellers", imageIds=[{"imageTag": "v2"}])
    digest = serve.image.rpartition("@")[2]
    found = ecr.describe_images(repositoryName="tellers", imageIds=[{"imageDigest": digest}])
    assert [one["imageTags"] for one in found["imageDetails"]] == [["v1"]]


def test_a_serverless_endpoint_starts_cold_after_an_idle_time(
    account: RunningAccount, serve: Serving
) -> None:
    limits = {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
    name = serve.serve("serverless", ServerlessConfig=limits)
    described = serve.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
    assert described["CurrentServerlessConfig"] == limits
    assert "CurrentInstanceCount" not in described
    (warm,) = serve.pids(name, 5)
    account.advance(timedelta(minutes=11))
    serve.until(lambda: not _exists(warm))
    (cold,) = serve.pids(name, 5)
    assert cold != warm
    serve.remove(name)


def _exists(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_instances_that_serve_may_be_scarce(
    account: RunningAccount, serve: Serving, endpoint: str
) -> None:
    new = serve.config(f"{endpoint}-more", instances=2)
    account.limit_instances("ml.m5.large", jobs="endpoint", quota=0)
    with pytest.raises(ClientError, match="for endpoint usage' is 0") as refused:
        serve.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    assert refused.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    account.limit_instances("ml.m5.large", jobs="endpoint", capacity=0)
    serve.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new)
    serve.until(lambda: serve.status(endpoint) == "InService")
    described = serve.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == endpoint
    assert "InsufficientInstanceCapacity" in described["FailureReason"]
    account.limit_instances("ml.m5.large", jobs="endpoint")
