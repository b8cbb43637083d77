import asyncio
import json
import os
from collections import Counter

import pytest

from emulator.sagemaker.endpoints.serverless import IDLE_SECONDS
from emulator.sagemaker.errors import ServiceError

from .conftest import IMAGE
from .test_deployments import CAPTURE, canary
from .test_shadow import variant


def serverless(sagemaker, name="one", *, concurrency=2, provisioned=None, **environment):
    sagemaker.model(name, **environment)
    limits = {"MemorySizeInMB": 1024, "MaxConcurrency": concurrency}
    if provisioned is not None:
        limits["ProvisionedConcurrency"] = provisioned
    sagemaker.call(
        "CreateEndpointConfig",
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": "AllTraffic", "ModelName": name, "ServerlessConfig": limits}
        ],
    )
    return name


def serve(sagemaker, **options):
    name = serverless(sagemaker, **options)
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName=name)
    return sagemaker.wait("InService", "Failed")


def processes(sagemaker):
    return [one for one in sagemaker.rooms[2].serving("churn").fleet.production.ready]


def at_once(sagemaker, requests):
    async def many():
        return await asyncio.gather(*(sagemaker.ask("churn") for _ in range(requests)))

    answers = sagemaker.run(many())
    pids = {json.loads(body)["pid"] for status, _, body in answers if status == 200}
    codes = Counter(headers.get("x-amzn-errortype", "ok") for _, headers, _ in answers)
    return pids, codes, {status for status, _, _ in answers}


def test_it_describes_its_limits_and_no_instances(sagemaker):
    (described,) = serve(sagemaker, provisioned=1)["ProductionVariants"]
    limits = {"MemorySizeInMB": 1024, "MaxConcurrency": 2, "ProvisionedConcurrency": 1}
    assert described["CurrentServerlessConfig"] == described["DesiredServerlessConfig"] == limits
    assert "CurrentInstanceCount" not in described


def test_each_request_at_a_time_has_a_process_and_too_many_are_throttled(sagemaker, account):
    serve(sagemaker, FAULT="slow")
    pids, codes, statuses = at_once(sagemaker, 2)
    assert (len(pids), codes) == (2, {"ok": 2})
    pids, codes, statuses = at_once(sagemaker, 5)
    assert codes == {"ok": 2, "ThrottlingException": 3}
    assert statuses == {200, 400}
    sagemaker.rooms[3].catch_up()
    assert account.clients["cloudwatch"].sum(
        "ModelSetupTime", EndpointName="churn", VariantName="AllTraffic"
    )


def test_an_idle_endpoint_has_no_process_and_the_next_request_starts_one(sagemaker, account):
    serve(sagemaker)
    first = sagemaker.invoke("churn")[2]["pid"]
    account.clock.advance(IDLE_SECONDS - 1)
    assert sagemaker.invoke("churn")[2]["pid"] == first
    account.clock.advance(IDLE_SECONDS + 1)
    sagemaker.until(lambda: processes(sagemaker) == [])
    sagemaker.until(lambda: not exists(first))
    assert sagemaker.describe()["EndpointStatus"] == "InService"
    status, _, said = sagemaker.invoke("churn")
    assert status == 200
    assert said["pid"] != first


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_provisioned_concurrency_stays_warm(sagemaker, account):
    serve(sagemaker, concurrency=3, provisioned=2, FAULT="slow")
    assert len(processes(sagemaker)) == 2
    assert len(at_once(sagemaker, 3)[0]) == 3
    account.clock.advance(IDLE_SECONDS + 1)
    sagemaker.until(lambda: len(processes(sagemaker)) == 2)
    sagemaker.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="churn",
        DesiredWeightsAndCapacities=[
            {
                "VariantName": "AllTraffic",
                "ServerlessUpdateConfig": {"MaxConcurrency": 4, "ProvisionedConcurrency": 3},
            }
        ],
    )
    (described,) = sagemaker.wait("InService")["ProductionVariants"]
    assert described["CurrentServerlessConfig"]["MaxConcurrency"] == 4
    assert len(processes(sagemaker)) == 3


def test_a_process_that_dies_is_not_missed(sagemaker):
    serve(sagemaker)
    assert sagemaker.invoke("churn", b"die")[0] == 424
    sagemaker.until(lambda: sagemaker.invoke("churn")[0] == 200)


def test_a_model_that_does_not_start_fails_the_endpoint(sagemaker):
    assert serve(sagemaker, FAULT="crash")["EndpointStatus"] == "Failed"


def test_an_update_brings_the_new_model(sagemaker):
    serve(sagemaker)
    sagemaker.call(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName=serverless(sagemaker, "two"),
    )
    assert sagemaker.wait("InService")["EndpointConfigName"] == "two"
    assert sagemaker.invoke("churn")[2]["model"] == "two"


def test_a_deployment_config_is_refused_by_name(sagemaker):
    serve(sagemaker)
    with pytest.raises(ServiceError, match="serverless endpoints with DeploymentConfig"):
        sagemaker.call(
            "UpdateEndpoint",
            EndpointName="churn",
            EndpointConfigName=serverless(sagemaker, "two"),
            DeploymentConfig=canary(),
        )
    assert sagemaker.describe()["EndpointStatus"] == "InService"


def test_an_endpoint_with_instances_never_becomes_serverless(sagemaker):
    sagemaker.serve("one")
    with pytest.raises(ServiceError, match="Cannot update an instance-based endpoint") as refused:
        sagemaker.call(
            "UpdateEndpoint",
            EndpointName="churn",
            EndpointConfigName=serverless(sagemaker, "two"),
        )
    assert refused.value.code == "ValidationException"


def test_a_serverless_endpoint_may_get_instances(sagemaker):
    serve(sagemaker)
    sagemaker.update("two")
    assert sagemaker.wait("InService")["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert sagemaker.invoke("churn")[2]["model"] == "two"


LIMITS = {"MemorySizeInMB": 1024, "MaxConcurrency": 5}
SERVERLESS = {"VariantName": "AllTraffic", "ModelName": "one", "ServerlessConfig": LIMITS}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"DataCaptureConfig": CAPTURE | {"EnableCapture": True}}, "support data capture"),
        ({"VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": ["g"]}}, "VPC configuration"),
        ({"EnableNetworkIsolation": True}, "support network isolation"),
        ({"ProductionVariants": [SERVERLESS, variant("b", "one")]}, "multiple production variants"),
        ({"ShadowProductionVariants": [variant("b", "one")]}, "support shadow variants"),
        (
            {"ProductionVariants": [SERVERLESS | {"InitialInstanceCount": 1}]},
            "InitialInstanceCount cannot be given together with ServerlessConfig",
        ),
        (
            {
                "ProductionVariants": [
                    SERVERLESS | {"ServerlessConfig": LIMITS | {"MemorySizeInMB": 1500}}
                ]
            },
            "must be 1024, 2048, .* got 1500",
        ),
        (
            {
                "ProductionVariants": [
                    SERVERLESS | {"ServerlessConfig": LIMITS | {"ProvisionedConcurrency": 6}}
                ]
            },
            r"less than or equal to MaxConcurrency \(5\), got 6",
        ),
    ],
)
def test_what_serverless_excludes_is_refused(sagemaker, request_, message):
    sagemaker.model("one")
    asked = {"EndpointConfigName": "bad", "ProductionVariants": [SERVERLESS]} | request_
    with pytest.raises(ServiceError, match=message):
        sagemaker.call("CreateEndpointConfig", **asked)


def test_the_network_of_the_model_counts_too(sagemaker):
    sagemaker.call(
        "CreateModel",
        ModelName="one",
        PrimaryContainer={"Image": IMAGE},
        EnableNetworkIsolation=True,
    )
    with pytest.raises(ServiceError, match="support network isolation"):
        sagemaker.call(
            "CreateEndpointConfig", EndpointConfigName="bad", ProductionVariants=[SERVERLESS]
        )
