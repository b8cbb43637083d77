import asyncio
import json
from collections import Counter

import pytest

from emulator.sagemaker.errors import ServiceError

CAPTURE = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captures/here/",
    "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    "CaptureContentTypeHeader": {
        "CsvContentTypes": ["text/csv"],
        "JsonContentTypes": ["application/json"],
    },
}


def canary(*, size=50, kind="CAPACITY_PERCENT", wait=60, last=0, alarms=(), type_="CANARY"):
    member = "CanarySize" if type_ == "CANARY" else "LinearStepSize"
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": type_,
                "WaitIntervalInSeconds": wait,
                member: {"Type": kind, "Value": size},
            },
            "TerminationWaitInSeconds": last,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]},
    }


def rolling(*, size=50, kind="CAPACITY_PERCENT", wait=60, back=None, alarms=()):
    policy = {"MaximumBatchSize": {"Type": kind, "Value": size}, "WaitIntervalInSeconds": wait}
    if back is not None:
        policy["RollbackMaximumBatchSize"] = {"Type": "INSTANCE_COUNT", "Value": back}
    return {
        "RollingUpdatePolicy": policy,
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]},
    }


def models_seen(sagemaker, requests=60):
    async def many():
        return [json.loads((await sagemaker.ask("churn"))[2])["model"] for _ in range(requests)]

    return Counter(sagemaker.run(many()))


def test_an_update_moves_all_traffic_and_ends_the_old_fleet(sagemaker):
    sagemaker.serve("one")
    old = sagemaker.invoke("churn")[2]["pid"]
    sagemaker.update("two")
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "two"
    assert "FailureReason" not in described
    assert "PendingDeploymentSummary" not in described
    assert models_seen(sagemaker) == {"two": 60}
    assert sagemaker.invoke("churn")[2]["pid"] != old


def test_no_request_fails_and_each_is_captured_once_across_updates(sagemaker, account):
    sagemaker.serve("one", instances=2, DataCaptureConfig=CAPTURE)
    answered = Counter()
    over = asyncio.Event()

    async def client(number):
        count = 0
        while not over.is_set():
            count += 1
            name = f"{number}-{count}"
            status, _, body = await sagemaker.ask("churn", X_Amzn_SageMaker_Inference_Id=name)
            assert status == 200, body
            assert json.loads(body)["id"] == name
            answered[name] += 1

    async def clients():
        await asyncio.gather(*(client(number) for number in range(16)))

    load = asyncio.run_coroutine_threadsafe(clients(), sagemaker.loop)
    sagemaker.update("two", instances=2, DataCaptureConfig=CAPTURE)
    sagemaker.wait("InService")
    sagemaker.update("three", instances=2, DataCaptureConfig=CAPTURE, deployment=canary())
    sagemaker.until(lambda: sagemaker.stage() == "Baking")
    account.clock.advance(3600)
    assert sagemaker.wait("InService")["EndpointConfigName"] == "three"
    sagemaker.loop.call_soon_threadsafe(over.set)
    load.result(20)
    sagemaker.call("DeleteEndpoint", EndpointName="churn")
    sagemaker.until(lambda: not sagemaker.call("ListEndpoints")["Endpoints"])

    lines = account.clients["s3"].lines("captures")
    assert len(answered) > 100
    assert Counter(line["eventMetadata"]["inferenceId"] for line in lines) == answered
    sums = {
        name: account.clients["cloudwatch"].sum(
            "Invocations", EndpointName="churn", VariantName="AllTraffic", EndpointConfigName=name
        )
        for name in ("one", "two", "three")
    }
    assert all(sums.values())
    assert sum(sums.values()) == len(answered)


def test_a_canary_takes_its_share_bakes_and_then_takes_all(sagemaker, account):
    sagemaker.serve("one", instances=2)
    sagemaker.update("two", instances=2, deployment=canary(wait=60, last=30))
    sagemaker.until(lambda: sagemaker.stage() == "Baking")
    pending = sagemaker.describe()["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "two"
    assert pending["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    (stage,) = pending["ProductionVariants"][0]["VariantStatus"]
    assert stage["StatusMessage"] == (
        "Baking for 60 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity "
        "of 1 instance(s)."
    )
    assert 60 < models_seen(sagemaker, 200)["two"] < 140
    with pytest.raises(ServiceError, match="Cannot update in-progress endpoint"):
        sagemaker.call("UpdateEndpoint", EndpointName="churn", EndpointConfigName="one")
    with pytest.raises(ServiceError, match="Cannot update in-progress endpoint"):
        sagemaker.call("DeleteEndpoint", EndpointName="churn")

    account.clock.advance(61)
    sagemaker.until(lambda: models_seen(sagemaker, 5) == {"two": 5})
    assert sagemaker.describe()["EndpointStatus"] == "Updating"
    sagemaker.until(lambda: sagemaker.stage() == "Baking")
    account.clock.advance(31)
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "two"
    assert described["LastDeploymentConfig"] == canary(wait=60, last=30)
    stages = [
        event.detail["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]
        for event in account.events
        if event.type == "SageMaker Endpoint Deployment State Change"
        and event.detail["PendingDeploymentSummary"]["ProductionVariants"]
    ]
    assert [stage["Status"] for stage in stages] == [
        *("ActivatingTraffic", "Baking", "ActivatingTraffic", "Baking"),
    ]


@pytest.mark.parametrize("in_last_bake", [False, True])
@pytest.mark.slow
def test_an_alarm_gives_all_traffic_back_to_the_old_config(sagemaker, account, in_last_bake):
    alarms = account.clients["cloudwatch"].alarms
    alarms |= {"latency": "OK", "errors": "OK"}
    sagemaker.serve("one", instances=2)
    sagemaker.update(
        "two",
        instances=2,
        environment={"FAULT": "5xx"},
        deployment=canary(wait=600, last=600, alarms=("latency", "errors")),
    )
    sagemaker.until(lambda: sagemaker.stage() == "Baking")
    if in_last_bake:
        account.clock.advance(601)
        sagemaker.until(
            lambda: "full" in str(sagemaker.describe()) and sagemaker.stage() == "Baking"
        )
    statuses = {sagemaker.invoke("churn")[0] for _ in range(20)}
    assert 424 in statuses
    alarms["errors"] = "ALARM"
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "one"
    assert described["FailureReason"].endswith("went into ALARM: errors.")
    assert described["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert models_seen(sagemaker) == {"one": 60}
    assert account.clients["cloudwatch"].sum(
        "Invocation5XXErrors",
        EndpointName="churn",
        VariantName="AllTraffic",
        EndpointConfigName="two",
    )
    alarms["errors"] = "OK"
    sagemaker.update("three", instances=2)
    assert "FailureReason" not in sagemaker.wait("InService")


def test_an_unhealthy_new_fleet_never_gets_traffic(sagemaker, account):
    sagemaker.serve("one")
    sagemaker.update("two", environment={"FAULT": "crash"})
    seen = Counter()
    while sagemaker.describe()["EndpointStatus"] == "Updating":
        seen += models_seen(sagemaker, 5)
    assert set(seen) == {"one"}
    described = sagemaker.describe()
    assert described["EndpointConfigName"] == "one"
    assert "did not pass the ping health check" in described["FailureReason"]


def test_an_alarm_that_does_not_exist_stops_the_update(sagemaker):
    sagemaker.serve("one", instances=2)
    sagemaker.update("two", instances=2, deployment=canary(alarms=("typo",)))
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "one"
    assert described["FailureReason"] == "Could not find the auto-rollback alarm(s) typo."


def test_a_changed_variant_name_goes_all_at_once_without_baking(sagemaker):
    sagemaker.serve("one", instances=2)
    sagemaker.update("two", instances=2, variant="Other", deployment=canary(wait=3600, last=3600))
    assert sagemaker.wait("InService")["EndpointConfigName"] == "two"
    assert sagemaker.invoke("churn")[1]["x-Amzn-Invoked-Production-Variant"] == "Other"


def test_a_deployment_that_takes_too_long_is_rolled_back(sagemaker, account):
    sagemaker.serve("one", instances=2)
    deployment = canary(wait=3600)
    deployment["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 600
    sagemaker.update("two", instances=2, deployment=deployment)
    sagemaker.until(lambda: sagemaker.stage() == "Baking")
    account.clock.advance(900)
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "one"
    assert "MaximumExecutionTimeoutInSeconds (600)" in described["FailureReason"]


def test_an_update_may_keep_the_running_sizes(sagemaker):
    sagemaker.serve("one", instances=2)
    sagemaker.model("two")
    sagemaker.config("two", instances=1, DataCaptureConfig=CAPTURE)
    sagemaker.call(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName="two",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DataCaptureConfig"}],
    )
    described = sagemaker.wait("InService")
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert described["DataCaptureConfig"]["CaptureStatus"] == "Started"


def test_a_config_that_is_gone_can_be_updated_neither_to_nor_from(sagemaker):
    sagemaker.serve("one")
    sagemaker.call("DeleteEndpointConfig", EndpointConfigName="one")
    sagemaker.model("two")
    sagemaker.config("two")
    for wanted in ("two", "never"):
        with pytest.raises(ServiceError, match="Could not find endpoint configuration"):
            sagemaker.call("UpdateEndpoint", EndpointName="churn", EndpointConfigName=wanted)
    assert sagemaker.invoke("churn")[0] == 200


def test_linear_steps_take_their_share_and_each_is_baked(sagemaker, account):
    sagemaker.serve("one", instances=3)
    linear = canary(size=1, kind="INSTANCE_COUNT", wait=60, last=30, type_="LINEAR")
    sagemaker.update("two", instances=3, deployment=linear)
    shares = []
    for bake in ("of 1 instance", "of 2 instance", "full capacity of 3 instance"):
        sagemaker.until(lambda bake=bake: f"enabled on {bake}" in baking(sagemaker))
        shares.append(models_seen(sagemaker, 300)["two"])
        account.clock.advance(61)
    assert sagemaker.wait("InService")["EndpointConfigName"] == "two"
    assert 60 < shares[0] < 140 < 160 < shares[1] < 240
    assert shares[2] == 300


def baking(sagemaker):
    """Return the last message of a bake, with "partial capacity " left out."""
    pending = sagemaker.describe().get("PendingDeploymentSummary", {})
    messages = [
        stage["StatusMessage"]
        for variant in pending.get("ProductionVariants", [])
        for stage in variant.get("VariantStatus", [])
        if stage["Status"] == "Baking"
    ]
    return "".join(messages).replace("partial capacity ", "")


def test_an_alarm_that_rings_already_stops_the_update_before_any_traffic(sagemaker, account):
    account.clients["cloudwatch"].alarms |= {"latency": "ALARM"}
    sagemaker.serve("one", instances=2)
    sagemaker.update("two", instances=2, deployment=canary(alarms=("latency",)))
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "one"
    assert described["FailureReason"].endswith("went into ALARM: latency.")
    assert not account.clients["cloudwatch"].sum(
        "Invocations", EndpointName="churn", VariantName="AllTraffic", EndpointConfigName="two"
    )
    stages = [event for event in account.events if "Deployment" in event.type]
    assert "ActivatingTraffic" not in str(stages)


def resized(sagemaker, **change):
    sagemaker.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="churn",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic"} | change],
    )
    return sagemaker.wait("InService")


@pytest.mark.parametrize(
    ("left_out", "count", "weight"),
    [((), 3, 5.0), (("DesiredInstanceCount",), 2, 5.0), (("DesiredWeight",), 3, 1.0)],
)
def test_the_capacity_that_was_reached_survives_the_switch(
    sagemaker, account, left_out, count, weight
):
    sagemaker.serve("one", instances=2)
    resized(sagemaker, DesiredInstanceCount=3, DesiredWeight=5.0)
    sagemaker.model("two")
    sagemaker.config("two", instances=2)
    sagemaker.call(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName="two",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": kind} for kind in left_out],
        DeploymentConfig=canary(size=1, kind="INSTANCE_COUNT", wait=60),
    )
    sagemaker.until(lambda: "canary capacity of 1" in baking(sagemaker))
    assert sagemaker.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 3
    account.clock.advance(61)
    (variant,) = sagemaker.wait("InService")["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == variant["DesiredInstanceCount"] == count
    assert variant["CurrentWeight"] == variant["DesiredWeight"] == weight
    assert len({sagemaker.invoke("churn")[2]["pid"] for _ in range(60)}) == count


def test_without_retaining_the_config_says_how_many_serve(sagemaker):
    sagemaker.serve("one", instances=1)
    resized(sagemaker, DesiredInstanceCount=2)
    sagemaker.update("two", instances=1)
    assert sagemaker.wait("InService")["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_the_same_config_again_is_a_new_fleet_as_well(sagemaker):
    sagemaker.serve("one")
    old = sagemaker.invoke("churn")[2]["pid"]
    sagemaker.call("UpdateEndpoint", EndpointName="churn", EndpointConfigName="one")
    assert sagemaker.wait("InService")["EndpointConfigName"] == "one"
    assert sagemaker.invoke("churn")[2]["pid"] != old


def test_the_last_deployment_config_may_be_used_again(sagemaker, account):
    sagemaker.serve("one", instances=2)
    sagemaker.update("two", instances=2, deployment=canary(wait=60))
    sagemaker.until(lambda: sagemaker.stage() == "Baking")
    account.clock.advance(61)
    sagemaker.wait("InService")
    sagemaker.model("three")
    sagemaker.config("three", instances=2)
    sagemaker.call(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName="three",
        RetainDeploymentConfig=True,
    )
    sagemaker.until(lambda: "canary capacity of 1" in baking(sagemaker))
    account.clock.advance(61)
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "three"
    assert described["LastDeploymentConfig"] == canary(wait=60)
