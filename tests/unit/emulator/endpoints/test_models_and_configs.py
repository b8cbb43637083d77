import pytest

from emulator.sagemaker.errors import ServiceError

from .conftest import IMAGE, REGISTRY

VARIANT = {
    "VariantName": "AllTraffic",
    "ModelName": "one",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (
            {"PrimaryContainer": {"Image": f"{REGISTRY}/other:1"}},
            "ValidationException",
            f"Requested image {REGISTRY}/other:1 not found.",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://models/none.tar.gz"}},
            "ValidationException",
            "Could not find model data at s3://models/none.tar.gz.",
        ),
        (
            {"Containers": [{"Image": IMAGE}, {"Image": IMAGE}]},
            "NotImplemented",
            "inference pipelines",
        ),
        ({"PrimaryContainer": {"Image": IMAGE, "Mode": "MultiModel"}}, "NotImplemented", "Multi"),
        ({}, "ValidationException", "Either PrimaryContainer or Containers"),
    ],
)
def test_a_model_that_can_not_be_served_is_refused(sagemaker, request_, code, message):
    with pytest.raises(ServiceError, match=message) as refused:
        sagemaker.call("CreateModel", ModelName="bad", **request_)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"AsyncInferenceConfig": {"OutputConfig": {}}}, "AsyncInferenceConfig"),
        ({"ProductionVariants": [VARIANT | {"CoreDumpConfig": {}}]}, "CoreDumpConfig"),
        ({"ProductionVariants": [VARIANT, VARIANT]}, "must be unique"),
        ({"ProductionVariants": [VARIANT | {"ModelName": "no"}]}, 'Could not find model "arn:'),
    ],
)
def test_a_config_that_can_not_be_served_is_refused(sagemaker, request_, message):
    sagemaker.model("one")
    request = {"EndpointConfigName": "bad", "ProductionVariants": [VARIANT]} | request_
    with pytest.raises(ServiceError, match=message):
        sagemaker.call("CreateEndpointConfig", **request)


def test_names_are_taken_once_and_missing_ones_are_named(sagemaker):
    sagemaker.serve("one")
    root = "arn:aws:sagemaker:eu-west-1:123456789012"
    for operation, request, kind, message in (
        (sagemaker.model, {"name": "one"}, "model/one", "Cannot create already existing model"),
        (
            sagemaker.config,
            {"name": "one"},
            "endpoint-config/one",
            "Cannot create already existing endpoint configuration",
        ),
    ):
        with pytest.raises(ServiceError) as refused:
            operation(**request)
        assert refused.value.message == f'{message} "{root}:{kind}".'
    with pytest.raises(ServiceError) as refused:
        sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName="one")
    assert refused.value.code == "ValidationException"
    assert refused.value.message == (
        f'Cannot create already existing endpoint "{root}:endpoint/churn".'
    )
    with pytest.raises(ServiceError) as refused:
        sagemaker.describe("Nobody")
    assert refused.value.message == f'Could not find endpoint "{root}:endpoint/nobody".'


def test_a_model_may_come_from_a_model_package(sagemaker, account):
    class Registry:
        def describe_model_package(self, ModelPackageName):
            container = {"Image": IMAGE, "Environment": {"MODEL_ID": ModelPackageName[-1]}}
            return {"InferenceSpecification": {"Containers": [container]}}

    account.clients["sagemaker"] = Registry()
    package = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/7"
    sagemaker.call("CreateModel", ModelName="one", Containers=[{"ModelPackageName": package}])
    sagemaker.config("one")
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName="one")
    sagemaker.wait("InService")
    assert sagemaker.invoke("churn")[2]["model"] == "7"


def test_lists_are_newest_first_filtered_and_paged(sagemaker, account):
    for name in ("b-old", "a-middle", "b-new"):
        sagemaker.model(name)
        account.clock.advance(60)
    names = []
    request = {"MaxResults": 2}
    while True:
        answer = sagemaker.call("ListModels", **request)
        names.append([one["ModelName"] for one in answer["Models"]])
        if "NextToken" not in answer:
            break
        request["NextToken"] = answer["NextToken"]
    assert names == [["b-new", "a-middle"], ["b-old"]]
    answer = sagemaker.call("ListModels", NameContains="B-", SortBy="Name", SortOrder="Ascending")
    assert [one["ModelName"] for one in answer["Models"]] == ["b-new", "b-old"]
    with pytest.raises(ServiceError, match="Invalid NextToken"):
        sagemaker.call("ListModels", NextToken="?")
