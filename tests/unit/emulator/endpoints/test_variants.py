import json
from collections import Counter

import pytest

from emulator.sagemaker.errors import ServiceError

from .test_deployments import CAPTURE
from .test_shadow import removed, variant


def split(sagemaker, name="ab", *, weights=(3.0, 1.0), **config):
    for model in ("a", "b"):
        if model not in str(sagemaker.call("ListModels")):
            sagemaker.model(model)
    sagemaker.call(
        "CreateEndpointConfig",
        EndpointConfigName=name,
        ProductionVariants=[
            variant(f"variant-{model}", model, weight)
            for model, weight in zip("ab", weights, strict=True)
        ],
        **config,
    )
    return name


def serve(sagemaker, **options):
    sagemaker.call(
        "CreateEndpoint", EndpointName="churn", EndpointConfigName=split(sagemaker, **options)
    )
    return sagemaker.wait("InService")


def answers(sagemaker, requests, **headers):
    async def many():
        return [await sagemaker.ask("churn", **headers) for _ in range(requests)]

    found = sagemaker.run(many())
    for status, told, body in found:
        assert status == 200
        model = json.loads(body)["model"]
        assert told["x-Amzn-Invoked-Production-Variant"] == f"variant-{model}"
    return Counter(json.loads(body)["model"] for _, _, body in found)


def test_each_variant_has_metrics_and_captures_of_its_own(sagemaker, account):
    serve(sagemaker, DataCaptureConfig=CAPTURE)
    seen = answers(sagemaker, 60) + answers(
        sagemaker, 5, X_Amzn_SageMaker_Target_Variant="variant-b"
    )
    removed(sagemaker)
    sums = {
        name: account.clients["cloudwatch"].sum(
            "Invocations", EndpointName="churn", VariantName=f"variant-{name}"
        )
        for name in "ab"
    }
    assert sums == seen
    captured = Counter()
    for (_, key), body in account.clients["s3"].objects.items():
        captured[key.split("/")[2].removeprefix("variant-")] += len(body.splitlines())
    assert captured == seen


def test_the_split_changes_with_the_desired_weights(sagemaker):
    serve(sagemaker)
    changed = [
        {"VariantName": "variant-a", "DesiredWeight": 1.0},
        {"VariantName": "variant-b", "DesiredWeight": 9.0},
    ]
    sagemaker.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="churn",
        DesiredWeightsAndCapacities=changed,
    )
    described = sagemaker.wait("InService")["ProductionVariants"]
    assert [one["CurrentWeight"] for one in described] == [1.0, 9.0]
    assert 160 < answers(sagemaker, 200)["b"] < 196
    sagemaker.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="churn",
        DesiredWeightsAndCapacities=[{"VariantName": "variant-b", "DesiredWeight": 0.0}],
    )
    sagemaker.wait("InService")
    assert answers(sagemaker, 50) == {"a": 50}


def test_what_a_resize_asks_of_the_wrong_variant_is_refused(sagemaker):
    serve(sagemaker)
    for change, message in (
        ({"VariantName": "c", "DesiredWeight": 1.0}, 'name\\(s\\) "c" is/are not present'),
        ({"VariantName": "variant-a", "DesiredInstanceCount": 0}, "must be at least 1, got 0"),
        (
            {"VariantName": "variant-a", "ServerlessUpdateConfig": {"MaxConcurrency": 2}},
            "variant-a is not serverless",
        ),
    ):
        with pytest.raises(ServiceError, match=message):
            sagemaker.call(
                "UpdateEndpointWeightsAndCapacities",
                EndpointName="churn",
                DesiredWeightsAndCapacities=[change],
            )
    assert sagemaker.describe()["EndpointStatus"] == "InService"


def test_retained_weights_survive_an_update_of_both_variants(sagemaker):
    serve(sagemaker)
    sagemaker.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="churn",
        DesiredWeightsAndCapacities=[{"VariantName": "variant-b", "DesiredWeight": 0.0}],
    )
    sagemaker.wait("InService")
    sagemaker.call(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName=split(sagemaker, "again"),
        RetainAllVariantProperties=True,
    )
    assert sagemaker.wait("InService")["EndpointConfigName"] == "again"
    assert answers(sagemaker, 50) == {"a": 50}
