"""Autoscaling by an unmodified SDK: load brings instances, silence takes them away."""

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

INVOCATIONS = {
    "TargetValue": 10.0,
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    },
    "ScaleOutCooldown": 60,
    "ScaleInCooldown": 300,
}


@pytest.fixture(scope="module")
def serve(account: RunningAccount, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    return Serving(account, serving.register(account, tmp_path_factory.mktemp("sources"), "scaled"))


@pytest.fixture
def scaled(
    account: RunningAccount, serve: Serving, request: pytest.FixtureRequest
) -> Iterator[Any]:
    yield (made := Scaled(account, serve, f"scaled-{abs(hash(request.node.nodeid)) % 10**6}"))
    serve.remove(made.name)


class Scaled:
    """An endpoint of one instance that is a scalable target of one to three."""

    def __init__(self, account: RunningAccount, serve: Serving, name: str) -> None:
        self.account = account
        self.serve = serve
        self.name = serve.serve(name)
        self.client = account.client("application-autoscaling")
        self.target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{name}/variant/live",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        self.register(1, 3)

    def register(self, least: int, most: int, **more: Any) -> dict[str, Any]:
        return self.client.register_scalable_target(
            **self.target, MinCapacity=least, MaxCapacity=most, **more
        )

    def track(self, configuration: dict[str, Any], name: str = "invocations") -> dict[str, Any]:
        return self.client.put_scaling_policy(
            **self.target,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=configuration,
        )

    def load(self, minutes: int, requests: int) -> None:
        """Ask so often in each of so many minutes."""
        for _ in range(minutes):
            for _ in range(requests):
                self.serve.invoke(self.name)
            self.account.advance(MINUTE)

    def activities(self) -> list[dict[str, Any]]:
        return self.client.describe_scaling_activities(
            ServiceNamespace="sagemaker", ResourceId=self.target["ResourceId"]
        )["ScalingActivities"]

    def settled(self) -> int:
        self.serve.until(lambda: self.serve.status(self.name) == "InService")
        self.serve.until(
            lambda: all(one["StatusCode"] != "InProgress" for one in self.activities())
        )
        return self.serve.count(self.name)


def test_load_scales_out_for_real_and_silence_scales_in(
    account: RunningAccount, scaled: Scaled
) -> None:
    told = scaled.track(INVOCATIONS)
    scaled.load(minutes=4, requests=25)
    assert scaled.settled() == 3
    assert len(scaled.serve.pids(scaled.name)) == 3
    (activity,) = scaled.activities()
    high = told["Alarms"][0]["AlarmName"]
    cause = f"monitor alarm {high} in state ALARM triggered policy invocations"
    assert activity["Cause"] == cause
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"].startswith("Successfully set desired instance count to 3.")

    account.advance(timedelta(minutes=17))
    assert scaled.settled() == 2
    account.advance(timedelta(minutes=2))
    assert scaled.settled() == 2, "the cool-down of scaling in is not over"
    account.advance(timedelta(minutes=6))
    assert scaled.settled() == 1
    assert len(scaled.serve.pids(scaled.name)) == 1
    account.advance(timedelta(days=60))
    assert scaled.settled() == 1


def test_the_policy_is_two_alarms_as_aws_makes_them(
    account: RunningAccount, scaled: Scaled
) -> None:
    told = scaled.track(INVOCATIONS)
    names = [alarm["AlarmName"] for alarm in told["Alarms"]]
    described = account.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    by_name = {alarm["AlarmName"]: alarm for alarm in described}
    high, low = (by_name[name] for name in names)
    assert names[0].startswith(f"TargetTracking-{scaled.target['ResourceId']}-AlarmHigh-")
    assert high["AlarmActions"] == [told["PolicyARN"]]
    assert (high["EvaluationPeriods"], high["Period"], high["Threshold"]) == (3, 60, 10.0)
    assert (low["EvaluationPeriods"], low["Period"], low["Threshold"]) == (15, 60, 9.0)
    assert high["Dimensions"] == [
        {"Name": "EndpointName", "Value": scaled.name},
        {"Name": "VariantName", "Value": "live"},
    ]
    assert scaled.track(INVOCATIONS)["Alarms"] == told["Alarms"]
    scaled.client.delete_scaling_policy(**scaled.target, PolicyName="invocations")
    assert not account.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]


def test_latency_is_tracked_by_a_metric_of_ones_own(
    account: RunningAccount, scaled: Scaled
) -> None:
    scaled.track(
        {
            "TargetValue": 100_000.0,
            "CustomizedMetricSpecification": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ModelLatency",
                "Dimensions": [
                    {"Name": "EndpointName", "Value": scaled.name},
                    {"Name": "VariantName", "Value": "live"},
                ],
                "Statistic": "Average",
                "Unit": "Microseconds",
            },
        },
        name="latency",
    )
    for _ in range(4):
        scaled.serve.invoke(scaled.name, b"slow")
        account.advance(MINUTE)
    assert scaled.settled() == 3


def test_new_bounds_count_at_once_and_a_suspended_target_stays(
    account: RunningAccount, scaled: Scaled
) -> None:
    scaled.register(2, 3)
    assert scaled.settled() == 2
    assert scaled.activities()[0]["Cause"] == "minimum capacity was set to 2"
    scaled.register(2, 3, SuspendedState={"DynamicScalingOutSuspended": True})
    scaled.track(INVOCATIONS)
    scaled.load(minutes=4, requests=30)
    assert scaled.settled() == 2
    scaled.register(2, 3, SuspendedState={"DynamicScalingOutSuspended": False})
    assert scaled.settled() == 3


def test_scaling_waits_while_the_endpoint_updates(account: RunningAccount, scaled: Scaled) -> None:
    scaled.track(INVOCATIONS)
    scaled.serve.config(f"{scaled.name}-new")
    policy = {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
        "TerminationWaitInSeconds": 600,
    }
    scaled.serve.sagemaker.update_endpoint(
        EndpointName=scaled.name,
        EndpointConfigName=f"{scaled.name}-new",
        DeploymentConfig={"BlueGreenUpdatePolicy": policy},
    )
    scaled.serve.until(lambda: scaled.serve.invoke(scaled.name)["model"].endswith("-new"))
    scaled.load(minutes=5, requests=25)
    assert scaled.serve.status(scaled.name) == "Updating"
    assert not scaled.activities()
    account.advance(timedelta(minutes=5))
    scaled.serve.until(lambda: scaled.serve.status(scaled.name) == "InService")
    scaled.load(minutes=5, requests=30)
    assert scaled.settled() == 3


def test_an_update_may_not_take_a_scaled_variants_instance_type_away(scaled: Scaled) -> None:
    sagemaker = scaled.serve.sagemaker
    variant = {"VariantName": "live", "ModelName": scaled.name, "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{scaled.name}-larger",
        ProductionVariants=[variant | {"InstanceType": "ml.m5.xlarge"}],
    )
    update = {"EndpointName": scaled.name, "EndpointConfigName": f"{scaled.name}-larger"}
    with pytest.raises(ClientError, match="is a target for automatic scaling"):
        sagemaker.update_endpoint(**update)
    scaled.client.deregister_scalable_target(**scaled.target)
    sagemaker.update_endpoint(**update)
    scaled.serve.until(lambda: scaled.serve.status(scaled.name) == "InService")
    scaled.register(1, 3)


def test_a_deleted_endpoint_leaves_no_target_no_policy_and_no_alarm(
    account: RunningAccount, scaled: Scaled
) -> None:
    told = scaled.track(INVOCATIONS)
    scaled.serve.remove(scaled.name)
    asked = {"ServiceNamespace": "sagemaker"}
    assert not scaled.client.describe_scalable_targets(**asked)["ScalableTargets"]
    assert not scaled.client.describe_scaling_policies(**asked)["ScalingPolicies"]
    names = [alarm["AlarmName"] for alarm in told["Alarms"]]
    assert not account.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaled.client.deregister_scalable_target(**scaled.target)
    with pytest.raises(ClientError, match="variant doesn't exist"):
        scaled.register(1, 3)
    scaled.serve.sagemaker.create_endpoint(EndpointName=scaled.name, EndpointConfigName=scaled.name)
    scaled.serve.until(lambda: scaled.serve.status(scaled.name) == "InService")


def test_tags_and_refusals(scaled: Scaled) -> None:
    arn = scaled.register(1, 3)["ScalableTargetARN"]
    scaled.client.tag_resource(ResourceARN=arn, Tags={"model": "churn", "team": "a"})
    scaled.client.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert scaled.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"model": "churn"}
    for refused, code in (
        (lambda: scaled.register(3, 2), "Maximum capacity cannot be less than minimum"),
        (lambda: scaled.register(0, 2), "must be 1 or higher, got 0"),
        (lambda: scaled.track({"TargetValue": 1.0}), "got neither"),
        (
            lambda: scaled.client.put_scaling_policy(**scaled.target, PolicyName="steps"),
            "does not emulate application-autoscaling with PolicyType StepScaling",
        ),
    ):
        with pytest.raises(ClientError, match=code):
            refused()
