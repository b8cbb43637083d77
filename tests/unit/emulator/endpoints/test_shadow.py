import asyncio
import json

import pytest

from emulator.sagemaker.errors import ServiceError

from .test_deployments import CAPTURE, canary


def variant(name, model, weight=1.0, **more):
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": weight,
        **more,
    }


def shadowed(sagemaker, name="both", *, weight=1.0, production=1.0, fault="", **config):
    sagemaker.model("old")
    sagemaker.model("new", FAULT=fault)
    sagemaker.call(
        "CreateEndpointConfig",
        EndpointConfigName=name,
        ProductionVariants=[variant("live", "old", production)],
        ShadowProductionVariants=[variant("shadow", "new", weight)],
        **config,
    )
    return name


def serve(sagemaker, name):
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName=name)
    return sagemaker.wait("InService")


def ask_often(sagemaker, requests):
    async def many():
        answers = []
        for number in range(requests):
            answers.append(
                await sagemaker.ask("churn", X_Amzn_SageMaker_Inference_Id=f"id-{number}")
            )
        return answers

    answers = sagemaker.run(many())
    assert {status for status, _, _ in answers} == {200}
    return {json.loads(body)["model"] for _, _, body in answers}


def invocations(account, name, metric="Invocations"):
    return account.clients["cloudwatch"].sum(
        metric, EndpointName="churn", VariantName=name, EndpointConfigName="both"
    )


def removed(sagemaker):
    sagemaker.call("DeleteEndpoint", EndpointName="churn")
    sagemaker.until(lambda: not sagemaker.call("ListEndpoints")["Endpoints"])


def test_the_shadow_sees_every_request_and_answers_nobody(sagemaker, account):
    described = serve(sagemaker, shadowed(sagemaker, DataCaptureConfig=CAPTURE))
    assert [one["VariantName"] for one in described["ProductionVariants"]] == ["live"]
    (shadow,) = described["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["CurrentInstanceCount"]) == ("shadow", 1)
    assert ask_often(sagemaker, 40) == {"old"}
    removed(sagemaker)
    assert invocations(account, "live") == invocations(account, "shadow") == 40
    captured = {"live": [], "shadow": []}
    for (_, key), body in account.clients["s3"].objects.items():
        for line in body.decode().splitlines():
            captured[key.split("/")[2]].append(json.loads(line))
    answers = {
        name: {json.loads(line["captureData"]["endpointOutput"]["data"])["model"] for line in lines}
        for name, lines in captured.items()
    }
    assert answers == {"live": {"old"}, "shadow": {"new"}}
    ids = [
        sorted(line["eventMetadata"]["inferenceId"] for line in lines)
        for lines in captured.values()
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 40


def test_the_shadow_sees_a_share_by_its_weight(sagemaker, account):
    serve(sagemaker, shadowed(sagemaker, weight=1.0, production=4.0))
    ask_often(sagemaker, 400)
    removed(sagemaker)
    assert invocations(account, "live") == 400
    assert 60 < invocations(account, "shadow") < 140


@pytest.mark.parametrize("fault", ["5xx", "slow"])
def test_what_goes_wrong_in_the_shadow_never_reaches_a_caller(sagemaker, account, fault):
    serve(sagemaker, shadowed(sagemaker, fault=fault))
    assert ask_often(sagemaker, 20) == {"old"}
    removed(sagemaker)
    assert invocations(account, "shadow") == 20
    assert invocations(account, "live", "Invocation5XXErrors") == 0
    failed = 20 if fault == "5xx" else 0
    assert invocations(account, "shadow", "Invocation5XXErrors") == failed


def test_a_shadow_can_not_be_asked_for_by_name(sagemaker):
    serve(sagemaker, shadowed(sagemaker))
    status, _, said = sagemaker.invoke("churn", X_Amzn_SageMaker_Target_Variant="shadow")
    assert (status, said["Message"]) == (400, "Variant shadow not found in endpoint churn.")


def test_the_share_changes_with_the_weights_and_the_shadow_goes_with_an_update(sagemaker, account):
    serve(sagemaker, shadowed(sagemaker))
    sagemaker.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="churn",
        DesiredWeightsAndCapacities=[{"VariantName": "shadow", "DesiredWeight": 0.0}],
    )
    sagemaker.wait("InService")
    ask_often(sagemaker, 20)
    sagemaker.call(
        "CreateEndpointConfig",
        EndpointConfigName="alone",
        ProductionVariants=[variant("live", "old", InitialInstanceCount=2)],
    )
    sagemaker.call(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName="alone",
        DeploymentConfig=canary(wait=0),
    )
    assert "ShadowProductionVariants" not in sagemaker.wait("InService")
    assert invocations(account, "live") == 20
    assert invocations(account, "shadow") == 0


def test_requests_that_the_shadow_still_works_at_keep_nobody_waiting(sagemaker):
    serve(sagemaker, shadowed(sagemaker, fault="slow"))

    async def timed():
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(sagemaker.ask("churn") for _ in range(4)))
        return loop.time() - began

    assert min(sagemaker.run(timed()) for _ in range(3)) < 0.3


@pytest.mark.parametrize(
    ("production", "shadow", "message"),
    [
        ([("a", {}), ("b", {})], [("c", {})], "got 2 and 1"),
        ([("a", {})], [("b", {}), ("c", {})], "got 1 and 2"),
        ([("a", {})], [("a", {})], "must be unique"),
    ],
)
def test_there_is_one_shadow_beside_one_variant(sagemaker, production, shadow, message):
    sagemaker.model("one")
    with pytest.raises(ServiceError, match=message):
        sagemaker.call(
            "CreateEndpointConfig",
            EndpointConfigName="bad",
            ProductionVariants=[variant(name, "one", **more) for name, more in production],
            ShadowProductionVariants=[variant(name, "one", **more) for name, more in shadow],
        )
