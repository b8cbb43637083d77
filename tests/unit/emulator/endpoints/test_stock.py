import pytest

from emulator.sagemaker.errors import ServiceError

from .test_deployments import rolling

KIND = "ml.m5.large"


def limit(sagemaker, **numbers):
    sagemaker.rooms[2].stock.limit({"instance_type": KIND, **numbers})


def test_over_the_quota_each_call_that_asks_for_more_is_refused(sagemaker):
    limit(sagemaker, quota=3)
    sagemaker.serve("one", instances=2)
    sagemaker.model("two")
    sagemaker.config("two", instances=2)
    change = {"VariantName": "AllTraffic", "DesiredInstanceCount": 4}
    for call in (
        lambda: sagemaker.call("CreateEndpoint", EndpointName="b", EndpointConfigName="two"),
        lambda: sagemaker.call("UpdateEndpoint", EndpointName="churn", EndpointConfigName="two"),
        lambda: sagemaker.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="churn",
            DesiredWeightsAndCapacities=[change],
        ),
    ):
        with pytest.raises(ServiceError) as refused:
            call()
        assert refused.value.code == "ResourceLimitExceeded"
        assert refused.value.message.startswith(
            "The account-level service limit 'ml.m5.large for endpoint usage' is 3 Instances, with "
            "current utilization of 2 Instances and a request delta of 2 Instances."
        )
    assert sagemaker.describe()["EndpointStatus"] == "InService"
    assert [one["EndpointName"] for one in sagemaker.call("ListEndpoints")["Endpoints"]] == [
        "churn"
    ]


def test_a_rolling_update_asks_for_its_batch_only(sagemaker):
    limit(sagemaker, quota=3, capacity=3)
    sagemaker.serve("one", instances=2)
    sagemaker.update("two", instances=2, deployment=rolling(size=50, wait=0))
    assert sagemaker.wait("InService")["EndpointConfigName"] == "two"


def test_without_capacity_an_update_is_rolled_back_and_a_new_endpoint_fails(sagemaker):
    sagemaker.serve("one", instances=2)
    limit(sagemaker, capacity=3)
    sagemaker.update("two", instances=2)
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "one"
    assert "InsufficientInstanceCapacity" in described["FailureReason"]
    failed = sagemaker.serve("three", endpoint="other", instances=2)
    assert failed["EndpointStatus"] == "Failed"
    assert "InsufficientInstanceCapacity" in failed["FailureReason"]
    limit(sagemaker)
    sagemaker.update("four", instances=2)
    assert sagemaker.wait("InService")["EndpointConfigName"] == "four"


def test_a_resize_without_capacity_leaves_what_there_was(sagemaker):
    sagemaker.serve("one", instances=2)
    limit(sagemaker, capacity=2)
    sagemaker.call(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="churn",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    described = sagemaker.wait("InService")
    assert "InsufficientInstanceCapacity" in described["FailureReason"]
    assert described["ProductionVariants"][0]["DesiredInstanceCount"] == 2
    assert sagemaker.invoke("churn")[0] == 200
